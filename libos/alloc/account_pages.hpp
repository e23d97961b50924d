// libos/alloc/account_pages.hpp - the page source of an app's heap: frames of its own account.
#pragma once

#include "lamina/layout.hpp"
#include "libos/alloc/page_source.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/mapping.hpp"

namespace libos {

class AccountPages final : public PageSource {
public:
    std::span<std::byte> grow(std::size_t bytes) override {
        const auto pages = lamina::page_ceil(bytes) / lamina::page_size;
        auto mapping = Mapping::create_new(fixed::account, pages);
        if (!mapping) return {};
        return mapping->release();
    }
};

}  // namespace libos
