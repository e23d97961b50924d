// exokernel/boot/init_image.hpp - init as the boot archive holds it: pages to map, and where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lamina/result.hpp"
#include "lamina/syscalls.hpp"

namespace exo::boot {

/// The first page of the image. Constants, code and data follow in whole pages, zeroes included,
/// and are mapped in this order from `address` on.
struct InitHeader {
    std::uint32_t crc32;          ///< Of all that follows it, to the last page.
    std::uint32_t page_count[3];  ///< Of each part.
    std::uint64_t address;
    std::uint64_t entry;
};

/// How each part is mapped.
inline constexpr lamina::Protection init_protection[] = {
    lamina::Protection::read, lamina::Protection::read | lamina::Protection::execute,
    lamina::Protection::read | lamina::Protection::write};

/// A checked image.
struct InitImage {
    InitHeader header;
    std::span<const std::byte> pages;
};

/// Finds init in an archive and checks it: in the file, undamaged, its address page-aligned, all of
/// it in the user half, entry in the code. Errors: archive_truncated, archive_magic,
/// archive_version, archive_no_entry, archive_entry_damaged, bad_address.
lamina::Result<InitImage> find_init(std::span<const std::byte> archive);

}  // namespace exo::boot
