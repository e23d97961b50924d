// exokernel/memory/user_memory.cpp - copies between kernel and user memory, page by page.
#include "exokernel/memory/user_memory.hpp"

#include <algorithm>
#include <cstring>

namespace exo {
namespace {

/// Calls `visit(kernel address, bytes)` for each part of a range that lies in one page.
template <typename Visit>
void for_each_page(std::uint64_t address, std::uint64_t bytes, Visit visit) {
    while (bytes != 0) {
        const std::uint64_t part = std::min(bytes, page_size - address % page_size);
        if (!visit(address, part)) return;
        address += part;
        bytes -= part;
    }
}

}  // namespace

Result<UserRange> UserRange::check(const AddressSpace& space, std::uint64_t address,
                                   std::uint64_t bytes, bool write, std::uint64_t& failed_address) {
    if (!lamina::in_user_half(address, bytes)) return lamina::fail(Status::bad_address);
    bool mapped = true;
    for_each_page(address, bytes, [&](std::uint64_t here, std::uint64_t) {
        if (space.find(here, write) != nullptr) return true;
        failed_address = here;
        return mapped = false;
    });
    if (!mapped) return lamina::fail(Status::not_mapped);
    return UserRange(space, address, bytes);
}

void UserRange::copy_in(void* to) const {
    auto* target = static_cast<std::byte*>(to);
    for_each_page(address_, bytes_, [&](std::uint64_t here, std::uint64_t part) {
        std::memcpy(target, space_->find(here, false), part);
        target += part;
        return true;
    });
}

void UserRange::copy_out(const void* from) const {
    const auto* source = static_cast<const std::byte*>(from);
    for_each_page(address_, bytes_, [&](std::uint64_t here, std::uint64_t part) {
        std::memcpy(space_->find(here, true), source, part);
        source += part;
        return true;
    });
}

}  // namespace exo
