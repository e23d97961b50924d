// libos/linux/errno.hpp - Errno: how a Linux system call fails. Source: Linux, errno(3).
#pragma once

#include <cstdint>
#include <expected>

#include "lamina/result.hpp"

namespace libos::linux_abi {

enum class Errno : std::int32_t {
    eperm = 1,
    enoent = 2,
    esrch = 3,
    eintr = 4,
    ebadf = 9,
    eagain = 11,
    enomem = 12,
    eacces = 13,
    efault = 14,
    eexist = 17,
    enodev = 19,
    enotdir = 20,
    eisdir = 21,
    einval = 22,
    emfile = 24,
    enotty = 25,
    espipe = 29,
    erofs = 30,
    erange = 34,
    enametoolong = 36,
    enosys = 38,
    etimedout = 110,
};

/// A value, or the error number that says why there is none.
template <typename T>
using Outcome = std::expected<T, Errno>;

/// What a system call leaves in rax.
constexpr std::uint64_t to_register(const Outcome<std::uint64_t>& outcome) {
    return outcome ? *outcome : -std::uint64_t(outcome.error());
}

}  // namespace libos::linux_abi
