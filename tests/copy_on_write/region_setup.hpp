// tests/copy_on_write/region_setup.hpp - a region with known contents, and a sharer that has it.
#pragma once

#include <cstdint>

#include "lamina/result.hpp"
#include "libos/pager/private_region.hpp"
#include "tests/copy_on_write/sharer.hpp"

namespace sharer {

/// Two blocks, of one half table together.
inline constexpr std::uint64_t pages = 128;
inline constexpr std::uint64_t quota = 512;

/// Seeds of contents.
inline constexpr std::uint64_t ours = 1;
inline constexpr std::uint64_t theirs = 2;
inline constexpr std::uint64_t ours_later = 3;

/// A region of `pages` that are filled by `ours`.
lamina::Result<libos::PrivateRegion> make_filled();

/// How many of its pages are filled by a seed.
std::uint64_t filled(const libos::PrivateRegion& region, std::uint64_t seed,
                     std::uint64_t first = 0, std::uint64_t count = pages);

lamina::Result<void> share(libos::PrivateRegion& region, const Sharer& with,
                           std::uint64_t address = region_address);

/// A sharer that has adopted the region.
lamina::Result<Sharer> start_with(libos::PrivateRegion& region, std::uint64_t quota_frames = quota);

/// A table of capabilities grows and never shrinks: so that it does not grow between two counts.
void grow_table();

}  // namespace sharer
