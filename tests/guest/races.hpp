// tests/guest/races.hpp - the pages that an app and the test that changes them share.
#pragma once

#include <atomic>
#include <cstdint>

#include "lamina/layout.hpp"

namespace races {

/// Where they are in the app's address space, in tables of their own: unmapping one frees these.
inline constexpr std::uint64_t control_page = 0x5b00'0000'0000;
inline constexpr std::uint64_t area_page = 0x5b00'0020'0000;
/// Mappings that nobody changes: of the area's frame, of the one that takes its place, and of the
/// two of the arguments.
inline constexpr std::uint64_t area_aliases = 0x5b00'0040'0000;
inline constexpr std::uint64_t argument_aliases = area_aliases + 2 * lamina::page_size;
/// Two pages; what a call is given lies across their border. The second is also the page that an
/// app writes to.
inline constexpr std::uint64_t argument_pages = 0x5b00'0060'0000;
inline constexpr std::uint64_t argument_border = argument_pages + lamina::page_size;

/// In the first of the shared pages.
struct Control {
    std::atomic<std::uint64_t> ready;   ///< By the app: what it shares is filled in.
    std::atomic<std::uint64_t> events;  ///< By the app: how often it did what it does.
    std::atomic<std::uint64_t> stop;    ///< By the test: the app is to end.
    std::uint64_t upcall_code;          ///< By the app: a page of code, and one of stack.
    std::uint64_t upcall_stack;
};

/// Pages of the run that is mapped in this order: control, the area's two frames, arguments.
inline constexpr std::uint64_t page_count = 5;
inline constexpr std::uint64_t area_frame = 1;
inline constexpr std::uint64_t argument_frame = 3;

/// How many bytes of what is given lie in the first of the pages.
inline constexpr std::uint64_t bytes_before_border = 16;

}  // namespace races
