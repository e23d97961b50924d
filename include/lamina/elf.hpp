// include/lamina/elf.hpp - a reader of static x86-64 ELF executables that trusts nothing in them.
// Source: System V ABI, chapters 4 and 5, and its AMD64 supplement.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "lamina/layout.hpp"
#include "lamina/result.hpp"
#include "lamina/syscalls.hpp"

namespace lamina {

struct ElfHeader {
    std::uint8_t ident[16];
    std::uint16_t type;
    std::uint16_t machine;
    std::uint32_t version;
    std::uint64_t entry;
    std::uint64_t program_headers;
    std::uint64_t section_headers;
    std::uint32_t flags;
    std::uint16_t header_bytes;
    std::uint16_t program_header_bytes;
    std::uint16_t program_header_count;
    std::uint16_t section_header_bytes;
    std::uint16_t section_header_count;
    std::uint16_t section_names;
};
static_assert(sizeof(ElfHeader) == 64);

struct ElfProgramHeader {
    std::uint32_t type;
    std::uint32_t flags;
    std::uint64_t offset;
    std::uint64_t address;
    std::uint64_t physical;
    std::uint64_t file_bytes;
    std::uint64_t memory_bytes;
    std::uint64_t alignment;
};
static_assert(sizeof(ElfProgramHeader) == 56);

/// A part of an executable to be put into memory, page by page.
struct ElfSegment {
    std::uint64_t address;       ///< Where its first byte goes; not always page-aligned.
    std::uint64_t memory_bytes;  ///< Bytes past the contents are zero.
    std::span<const std::byte> contents;
    Protection protection;

    std::uint64_t first_page() const { return page_floor(address); }
    std::uint64_t page_count() const {
        return (page_ceil(address + memory_bytes) - first_page()) / page_size;
    }
};

/// A checked executable. The bytes must stay unchanged while it is used; nothing is allocated.
class ElfFile {
public:
    static constexpr std::uint32_t segment_count_max = 16;

    /// Checks the headers and every loadable segment: in the file, in the user half, aligned, in
    /// ascending order without a shared page, never writable and executable, entry in an
    /// executable one. Errors: elf_* by cause.
    static Result<ElfFile> open(std::span<const std::byte> file);

    std::uint64_t entry() const { return entry_; }
    std::span<const ElfSegment> segments() const { return {segments_, segment_count_}; }

private:
    ElfFile() = default;
    Result<void> add(std::span<const std::byte> file, const ElfProgramHeader& header);

    std::uint64_t entry_ = 0;
    std::uint32_t segment_count_ = 0;
    ElfSegment segments_[segment_count_max] = {};
};

namespace elf_detail {

inline constexpr std::uint32_t load = 1;
inline constexpr std::uint32_t dynamic = 2;
inline constexpr std::uint32_t interpreter = 3;
inline constexpr std::uint32_t flag_execute = 1;
inline constexpr std::uint32_t flag_write = 2;

inline Result<ElfHeader> read_header(std::span<const std::byte> file) {
    ElfHeader header;
    if (file.size() < sizeof header) return fail(Status::elf_truncated);
    std::memcpy(&header, file.data(), sizeof header);
    constexpr std::uint8_t magic[] = {0x7f, 'E', 'L', 'F'};
    if (std::memcmp(header.ident, magic, sizeof magic) != 0) return fail(Status::elf_magic);
    constexpr std::uint16_t machine_x86_64 = 62;
    constexpr std::uint8_t class_64 = 2;
    constexpr std::uint8_t little_endian = 1;
    if (header.ident[4] != class_64 || header.ident[5] != little_endian ||
        header.machine != machine_x86_64)
        return fail(Status::elf_not_x86_64);
    constexpr std::uint16_t type_executable = 2;
    if (header.type != type_executable) return fail(Status::elf_not_static);
    if (header.ident[6] != 1 || header.version != 1 || header.header_bytes != sizeof header ||
        header.program_header_bytes != sizeof(ElfProgramHeader))
        return fail(Status::elf_bad_header);
    const auto table = std::uint64_t{header.program_header_count} * sizeof(ElfProgramHeader);
    if (header.program_headers > file.size() || table > file.size() - header.program_headers)
        return fail(Status::elf_truncated);
    return header;
}

}  // namespace elf_detail

inline Result<ElfFile> ElfFile::open(std::span<const std::byte> file) {
    LAMINA_TRY(const ElfHeader header, elf_detail::read_header(file));
    ElfFile elf;
    elf.entry_ = header.entry;
    for (std::uint32_t i = 0; i < header.program_header_count; ++i) {
        ElfProgramHeader program;
        std::memcpy(&program, file.data() + header.program_headers + i * sizeof program,
                    sizeof program);
        if (program.type == elf_detail::dynamic || program.type == elf_detail::interpreter)
            return fail(Status::elf_not_static);
        if (program.type == elf_detail::load && program.memory_bytes != 0)
            LAMINA_CHECK(elf.add(file, program));
    }
    if (elf.segment_count_ == 0) return fail(Status::elf_no_segment);
    for (const ElfSegment& segment : elf.segments()) {
        if (has(segment.protection, Protection::execute) && elf.entry_ >= segment.address &&
            elf.entry_ - segment.address < segment.contents.size())
            return elf;
    }
    return fail(Status::elf_bad_entry);
}

inline Result<void> ElfFile::add(std::span<const std::byte> file, const ElfProgramHeader& header) {
    if (header.file_bytes > header.memory_bytes || segment_count_ == segment_count_max)
        return fail(Status::elf_bad_header);
    if (header.offset > file.size() || header.file_bytes > file.size() - header.offset)
        return fail(Status::elf_truncated);
    if (!in_user_half(header.address, header.memory_bytes)) return fail(Status::elf_segment_range);
    if (header.address % page_size != header.offset % page_size)
        return fail(Status::elf_segment_align);
    if (segment_count_ != 0) {
        const ElfSegment& before = segments_[segment_count_ - 1];
        const auto before_end = before.first_page() + before.page_count() * page_size;
        if (page_floor(header.address) < before_end) return fail(Status::elf_segment_overlap);
    }
    Protection protection = Protection::read;
    if ((header.flags & elf_detail::flag_write) != 0) protection = protection | Protection::write;
    if ((header.flags & elf_detail::flag_execute) != 0)
        protection = protection | Protection::execute;
    if (has(protection, Protection::write) && has(protection, Protection::execute))
        return fail(Status::elf_write_and_execute);
    segments_[segment_count_++] = {header.address, header.memory_bytes,
                                   file.subspan(header.offset, header.file_bytes), protection};
    return {};
}

}  // namespace lamina
