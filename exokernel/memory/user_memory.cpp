// exokernel/memory/user_memory.cpp - copies between kernel and user memory, page by page.
#include "exokernel/memory/user_memory.hpp"

#include <algorithm>
#include <cstring>

namespace exo {
namespace {

/// Calls `visit(kernel address, bytes)` for each part of a range that lies in one page.
void for_each_part(const AddressSpace& space, std::uint64_t address, std::uint64_t bytes,
                   bool write, auto visit) {
    while (bytes != 0) {
        const std::uint64_t part = std::min(bytes, page_size - address % page_size);
        visit(space.find(address, write), part);
        address += part;
        bytes -= part;
    }
}

}  // namespace

Result<UserRange> UserRange::check(const AddressSpace& space, std::uint64_t address,
                                   std::uint64_t bytes, bool write, std::uint64_t& failed_address) {
    if (!lamina::in_user_half(address, bytes)) return lamina::fail(Status::bad_address);
    for (std::uint64_t here = address; here < address + bytes;
         here = lamina::page_floor(here) + page_size) {
        if (space.find(here, write) != nullptr) continue;
        failed_address = here;
        return lamina::fail(Status::not_mapped);
    }
    return UserRange(space, address, bytes);
}

void UserRange::copy_in(void* to) const {
    auto* target = static_cast<std::byte*>(to);
    for_each_part(*space_, address_, bytes_, false, [&](const std::byte* here, std::uint64_t part) {
        std::memcpy(target, here, part);
        target += part;
    });
}

void UserRange::copy_out(const void* from) const {
    const auto* source = static_cast<const std::byte*>(from);
    for_each_part(*space_, address_, bytes_, true, [&](std::byte* here, std::uint64_t part) {
        std::memcpy(here, source, part);
        source += part;
    });
}

}  // namespace exo
