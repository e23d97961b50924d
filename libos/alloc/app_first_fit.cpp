// libos/alloc/app_first_fit.cpp - the app's allocator is first fit over frames of its own account.
#include "lamina/layout.hpp"
#include "libos/alloc/first_fit.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/mapping.hpp"

namespace libos {

namespace {

class AccountPages final : public PageSource {
public:
    std::span<std::byte> grow(std::size_t bytes) override {
        const auto pages = lamina::page_ceil(bytes) / lamina::page_size;
        auto mapping = Mapping::create_new(fixed::account, pages);
        if (!mapping) return {};
        return mapping->release();
    }
};

constinit AccountPages pages;
constinit FirstFit heap(pages);

}  // namespace

Allocator& allocator() { return heap; }

}  // namespace libos
