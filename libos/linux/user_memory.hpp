// libos/linux/user_memory.hpp - memory that a system call's arguments point to.
//
// The libOS is not protected from its own program. The checks are for programs that expect EFAULT
// where Linux gives it.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "libos/linux/errno.hpp"
#include "libos/linux/memory.hpp"

namespace libos::linux_abi {

/// A pointer in a system call's argument.
struct UserAddress {
    std::uint64_t value;

    bool is_null() const { return value == 0; }
};

/// The bytes, if the program may read them. Errors: efault.
Outcome<std::span<const std::byte>> readable(UserAddress address, std::uint64_t bytes);

/// The bytes, if the program may write them. Errors: efault.
Outcome<std::span<std::byte>> writable(UserAddress address, std::uint64_t bytes);

/// A path without its terminator. Errors: efault, enametoolong.
Outcome<std::string_view> path_at(UserAddress address);

/// Errors: efault.
template <typename T>
Outcome<T> load(UserAddress address) {
    LAMINA_TRY(const auto bytes, readable(address, sizeof(T)));
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

/// Errors: efault.
template <typename T>
Outcome<void> store(UserAddress address, const T& value) {
    LAMINA_TRY(const auto bytes, writable(address, sizeof value));
    std::memcpy(bytes.data(), &value, sizeof value);
    return {};
}

/// Stores a value where the program wants one: nowhere if the address is null. Errors: efault.
template <typename T>
Outcome<void> store_if_wanted(UserAddress address, const T& value) {
    if (address.is_null()) return {};
    return store(address, value);
}

}  // namespace libos::linux_abi
