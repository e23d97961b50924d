// tests/random_calls/stage.hpp - the memory that the addresses in random calls point to.
#pragma once

#include <cstdint>

#include "lamina/layout.hpp"
#include "lamina/predicate.hpp"
#include "lamina/vcpu.hpp"
#include "libos/sys/handles.hpp"
#include "tests/calls/argument_source.hpp"
#include "tests/random_calls/holdings.hpp"

namespace random_calls {

/// Four pages with nothing before and after them, the same in a caller and its puppets: text (only
/// to be read), what the kernel writes, structures, and what the console is given: carriage
/// returns, which do not show.
inline constexpr std::uint64_t stage_address = 0x5a00'0000'0000;
inline constexpr std::uint64_t stage_pages = 4;
inline constexpr std::uint64_t output_page = stage_address + lamina::page_size;
inline constexpr std::uint64_t structure_page = stage_address + 2 * lamina::page_size;
inline constexpr std::uint64_t quiet_page = stage_address + 3 * lamina::page_size;
inline constexpr std::uint64_t stage_end = stage_address + stage_pages * lamina::page_size;

inline constexpr std::uint64_t unmapped_address = 0x5800'0000'0000;

/// What is in the page of structures.
struct Structures {
    lamina::VcpuEntries no_entries;      ///< Every upcall: none.
    lamina::VcpuEntries reversed_range;  ///< The resume range ends before it starts.
    lamina::VcpuEntries kernel_address;  ///< An entry that is not in the user half.
    lamina::VcpuEntries told;            ///< Of a notification that a scene names.
    lamina::SavedContext resumed;        ///< For random_calls_resume.
    lamina::SavedContext kernel_rip;     ///< Goes on at no user address.
    std::uint64_t ranges[8];             ///< As frames_map_list and its kind take them.
    lamina::Predicate predicate;         ///< One word, which is looked up and not read.
    alignas(64) lamina::VcpuArea area;
};
inline Structures& structures() { return *reinterpret_cast<Structures*>(structure_page); }

/// A predicate with a word of some frames, that holds or does not.
std::uint64_t set_predicate(std::uint64_t frames, bool holds);

/// Pages to map things at: around an edge of 2 MiB and of 512 GiB, and at the end of user space.
inline constexpr std::uint64_t regions[] = {
    0x5100'0000'0000,
    0x5100'0000'0000,
    0x5100'0020'0000 - 4 * lamina::page_size,
    0x5180'0000'0000 - 4 * lamina::page_size,
    lamina::user_end - 8 * lamina::page_size,
};
inline constexpr std::uint64_t region_pages = 8;

std::uint64_t random_page(Choices& choices);

/// Fills new frames and maps them at the stage's address. Errors: those of frames_map.
lamina::Result<void> set_stage(lamina::Handle env, lamina::Handle run);
void fill_structures();

/// An address for an argument, mostly one that can be used so. Areas are in the stage.
std::uint64_t stage_address_for(calls::Meaning meaning, Choices& choices);

}  // namespace random_calls
