// include/lamina/archive.hpp - the boot archive's format and a reader that trusts nothing in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "lamina/archive_header.hpp"
#include "lamina/crc32.hpp"
#include "lamina/layout.hpp"
#include "lamina/result.hpp"

namespace lamina {

enum class ArchiveKind : std::uint32_t { app = 1, symbols = 2, data = 3, init = 4 };

/// Entries are sorted by name, then kind; contents start on page boundaries and do not overlap.
struct ArchiveEntry {
    char name[40];  ///< Printable ASCII, NUL-terminated and padded.
    ArchiveKind kind;
    std::uint32_t contents_crc32;
    std::uint64_t offset;
    std::uint64_t bytes;
};
static_assert(sizeof(ArchiveEntry) == 64);

/// A view of an archive whose header and table were checked when it was opened. The bytes must stay
/// unchanged as long as the view is used; nothing is allocated.
class Archive {
public:
    /// Checks header, table checksum, names, order and ranges. Errors: archive_* by cause.
    /// Cost: linear in the table, not in the contents.
    static Result<Archive> open(std::span<const std::byte> file);

    /// The contents of an entry, its checksum verified. Errors: archive_no_entry,
    /// archive_entry_damaged.
    Result<std::span<const std::byte>> find(std::string_view name, ArchiveKind kind) const;

    std::uint32_t size() const { return entry_count_; }

    /// The entry at `index` < size(), a copy.
    ArchiveEntry entry(std::uint32_t index) const {
        ArchiveEntry entry;
        std::memcpy(&entry, file_.data() + sizeof(ArchiveHeader) + index * sizeof entry,
                    sizeof entry);
        return entry;
    }

private:
    Archive(std::span<const std::byte> file, std::uint32_t count)
        : file_(file), entry_count_(count) {}

    Result<void> check_entries() const;

    std::span<const std::byte> file_;
    std::uint32_t entry_count_;
};

namespace archive_detail {

inline bool good_name(const char (&name)[40]) {
    std::size_t length = 0;
    while (length < sizeof name && name[length] != 0) {
        if (name[length] <= ' ' || name[length] > '~') return false;
        ++length;
    }
    if (length == 0 || length == sizeof name) return false;
    for (std::size_t i = length; i < sizeof name; ++i)
        if (name[i] != 0) return false;
    return true;
}

}  // namespace archive_detail

inline Result<Archive> Archive::open(std::span<const std::byte> file) {
    LAMINA_TRY(const ArchiveHeader header, read_archive_header(file));
    file = file.first(header.total_bytes);
    const auto table_bytes = std::uint64_t{header.entry_count} * sizeof(ArchiveEntry);
    if (table_bytes > file.size() - sizeof header) return fail(Status::archive_truncated);
    if (crc32(file.subspan(sizeof header, table_bytes)) != header.table_crc32)
        return fail(Status::archive_table_damaged);
    Archive archive(file, header.entry_count);
    LAMINA_CHECK(archive.check_entries());
    return archive;
}

inline Result<void> Archive::check_entries() const {
    std::uint64_t free_from = sizeof(ArchiveHeader) + entry_count_ * sizeof(ArchiveEntry);
    ArchiveEntry before{};
    for (std::uint32_t i = 0; i < entry_count_; ++i) {
        const ArchiveEntry here = entry(i);
        if (!archive_detail::good_name(here.name)) return fail(Status::archive_entry_name);
        const int order = std::strcmp(before.name, here.name);
        if (order > 0 || (order == 0 && before.kind >= here.kind))
            return fail(Status::archive_entry_order);
        if (!page_aligned(here.offset) || here.offset < free_from || here.offset > file_.size() ||
            here.bytes > file_.size() - here.offset)
            return fail(Status::archive_entry_range);
        free_from = here.offset + here.bytes;
        before = here;
    }
    return {};
}

inline Result<std::span<const std::byte>> Archive::find(std::string_view name,
                                                        ArchiveKind kind) const {
    for (std::uint32_t i = 0; i < entry_count_; ++i) {
        const ArchiveEntry here = entry(i);
        if (here.kind != kind || name != here.name) continue;
        const auto contents = file_.subspan(here.offset, here.bytes);
        if (crc32(contents) != here.contents_crc32) return fail(Status::archive_entry_damaged);
        return contents;
    }
    return fail(Status::archive_no_entry);
}

}  // namespace lamina
