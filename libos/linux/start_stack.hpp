// libos/linux/start_stack.hpp - the stack a Linux program starts with.
// Source: System V ABI, AMD64 supplement, 3.4.1 and figure 3.9; getauxval(3).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace libos::linux_abi {

/// Types of the auxiliary vector.
enum class Aux : std::uint64_t {
    end = 0,
    program_headers = 3,
    program_header_bytes = 4,
    program_header_count = 5,
    page_size = 6,
    base = 7,
    flags = 8,
    entry = 9,
    user = 11,
    effective_user = 12,
    group = 13,
    effective_group = 14,
    platform = 15,
    hardware = 16,
    ticks_per_second = 17,
    secure = 23,
    random = 25,
    hardware2 = 26,
    file_name = 31,
    signal_stack_bytes_min = 51,
};

struct AuxEntry {
    Aux type;
    std::uint64_t value;
};

struct StartStack {
    std::span<const std::string_view> arguments;
    std::span<const std::string_view> environment;
    std::span<const AuxEntry> aux;  ///< Without those below and the end.
    std::string_view file_name;
    std::string_view platform;
    std::array<std::uint8_t, 16> random;
};

/// Writes the stack to the upper end of `memory`, which the program will find at `address` (a
/// multiple of 16). From low to high:
///
///   argc | argv ... 0 | envp ... 0 | aux ... end | strings, random bytes
///
/// Returns the program's stack pointer, a multiple of 16; nothing if it does not fit.
std::optional<std::uint64_t> build_start_stack(const StartStack& start, std::span<std::byte> memory,
                                               std::uint64_t address);

}  // namespace libos::linux_abi
