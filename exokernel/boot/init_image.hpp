// exokernel/boot/init_image.hpp - init as the boot archive holds it: pages to map, and where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lamina/result.hpp"
#include "lamina/syscalls.hpp"

namespace exo::boot {

/// Pages of init with one protection; their contents are in the image, zeroes too.
struct InitSegment {
    std::uint64_t address;
    std::uint32_t page_count;
    lamina::Protection protection;
};

/// The first page of the image; the pages of the segments follow, in their order.
struct InitHeader {
    static constexpr std::uint32_t segment_count_max = 8;

    std::uint32_t crc32;  ///< Of all that follows it, to the last page of the last segment.
    std::uint32_t segment_count;
    std::uint64_t entry;
    InitSegment segments[segment_count_max];
};

/// A checked image.
struct InitImage {
    InitHeader header;
    std::span<const std::byte> pages;

    std::span<const InitSegment> segments() const {
        return {header.segments, header.segment_count};
    }
};

/// Finds init in an archive and checks it: in the file, undamaged, each segment page-aligned, in
/// the user half and not writable and executable, entry in an executable one. Not whether segments
/// overlap: mapping them tells. Errors: archive_truncated, archive_magic, archive_version,
/// archive_no_entry, archive_entry_damaged, bad_argument, bad_address, write_and_execute.
lamina::Result<InitImage> find_init(std::span<const std::byte> archive);

}  // namespace exo::boot
