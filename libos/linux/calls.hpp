// libos/linux/calls.hpp - the handlers of the Linux system calls, declared from calls.def.
//
// Argument kinds in calls.def: integer (the low 32 bits, signed), word (64 bits), address (a
// pointer).
#pragma once

#include <cstdint>

#include "libos/linux/errno.hpp"
#include "libos/linux/user_memory.hpp"

namespace libos::linux_abi::calls {

using integer = std::int32_t;
using word = std::uint64_t;
using address = UserAddress;

/// What rax holds on success, or the error.
using Value = Outcome<std::uint64_t>;

#define LAMINA_ARGS(...) __VA_ARGS__
#define LAMINA_LINUX_CALL(number, name, arguments, does) Value name(arguments);
#include "libos/linux/calls.def"
#undef LAMINA_LINUX_CALL
#undef LAMINA_ARGS

}  // namespace libos::linux_abi::calls
