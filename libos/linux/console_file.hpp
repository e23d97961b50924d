// libos/linux/console_file.hpp - the console as a file.
#pragma once

#include <cstddef>
#include <span>

#include "libos/linux/errno.hpp"

namespace libos::linux_abi {

/// Writes all bytes; they have left the libOS when this returns.
void write_console(std::span<const std::byte> bytes);

/// Waits until there is input and takes what is there, as it is. 0 bytes mean the end: the program
/// may not read the console.
std::size_t read_console(std::span<std::byte> buffer);

}  // namespace libos::linux_abi
