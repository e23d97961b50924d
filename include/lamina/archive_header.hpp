// include/lamina/archive_header.hpp - how the boot archive begins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "lamina/result.hpp"

namespace lamina {

struct ArchiveHeader {
    char magic[8];  ///< "LAMARCH1"
    std::uint32_t version;
    std::uint32_t entry_count;
    std::uint64_t total_bytes;
    std::uint32_t table_crc32;
    std::uint32_t init_page;  ///< Where init is, for the kernel, in pages; 0: there is none.
};
static_assert(sizeof(ArchiveHeader) == 32);

inline constexpr std::uint32_t archive_format_version = 2;

/// The header, which is in the file with all it counts. Errors: archive_truncated, archive_magic,
/// archive_version.
inline Result<ArchiveHeader> read_archive_header(std::span<const std::byte> file) {
    ArchiveHeader header;
    if (file.size() < sizeof header) return fail(Status::archive_truncated);
    std::memcpy(&header, file.data(), sizeof header);
    if (std::memcmp(header.magic, "LAMARCH1", 8) != 0) return fail(Status::archive_magic);
    if (header.version != archive_format_version) return fail(Status::archive_version);
    if (header.total_bytes < sizeof header || header.total_bytes > file.size())
        return fail(Status::archive_truncated);
    return header;
}

}  // namespace lamina
