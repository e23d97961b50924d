// libos/linux/user_memory.cpp - memory that a system call's arguments point to.
#include "libos/linux/user_memory.hpp"

#include <algorithm>

namespace libos::linux_abi {

using lamina::fail;
using lamina::Protection;

Outcome<std::span<const std::byte>> readable(UserAddress address, std::uint64_t bytes) {
    if (!memory().allows(address.value, bytes, Protection::read)) return fail(Errno::efault);
    return std::span(reinterpret_cast<const std::byte*>(address.value), bytes);
}

Outcome<std::span<std::byte>> writable(UserAddress address, std::uint64_t bytes) {
    if (!memory().allows(address.value, bytes, Protection::write)) return fail(Errno::efault);
    return std::span(reinterpret_cast<std::byte*>(address.value), bytes);
}

Outcome<std::string_view> path_at(UserAddress address) {
    constexpr std::uint64_t path_bytes_max = 4096;
    const auto* const text = reinterpret_cast<const char*>(address.value);
    for (std::uint64_t length = 0; length < path_bytes_max;) {
        const Region* const region = memory().find(address.value + length);
        if (region == nullptr || region->protection == no_access) return fail(Errno::efault);
        const auto here = std::min(region->end - (address.value + length), path_bytes_max - length);
        if (const void* end = std::memchr(text + length, '\0', here))
            return std::string_view(text, std::size_t(static_cast<const char*>(end) - text));
        length += here;
    }
    return fail(Errno::enametoolong);
}

}  // namespace libos::linux_abi
