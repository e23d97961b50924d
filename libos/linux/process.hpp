// libos/linux/process.hpp - who the program is, and its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace libos::linux_abi {

/// The process number, and the thread number of its one thread: the id of the environment.
std::int32_t process_id();

/// The name the program was started by.
std::string_view process_name();
void set_process_name(std::string_view name);

/// Ends the environment; before, what it wrote goes out, and which calls were not served if the
/// machine's command line has the word LAMINA_ENOSYS.
[[noreturn]] void end_process(std::int32_t status);

/// Ends it as a signal does: says so on the console, status 128 + its number.
[[noreturn]] void end_by_signal(std::int32_t signal);

/// Fills with random bytes.
void fill_random(std::span<std::byte> bytes);

}  // namespace libos::linux_abi
