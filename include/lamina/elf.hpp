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

/// The note of a program that is linked with a library OS: section .note.lamina.
struct NativeNote {
    std::uint32_t name_bytes = sizeof "Lamina";
    std::uint32_t contents_bytes = sizeof contents;
    std::uint32_t type = 1;
    char name[8] = "Lamina";
    std::uint32_t contents = abi_version;  ///< The ABI it was built for.
};
static_assert(sizeof(NativeNote) == 24);

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

    /// Whether a note says that the program is linked with a library OS (NativeNote). Any other is
    /// a foreign program.
    bool native() const { return native_; }

    /// Where the program headers are in memory; 0 if no segment holds them.
    std::uint64_t program_headers() const { return program_headers_; }
    std::uint32_t program_header_count() const { return program_header_count_; }

    std::span<const ElfSegment> segments() const { return {segments_, segment_count_}; }

private:
    ElfFile() = default;
    Result<void> add(std::span<const std::byte> file, const ElfProgramHeader& header);
    void find_program_headers(std::span<const std::byte> file, std::uint64_t offset);

    std::uint64_t entry_ = 0;
    std::uint64_t program_headers_ = 0;
    std::uint32_t program_header_count_ = 0;
    bool native_ = false;
    std::uint32_t segment_count_ = 0;
    ElfSegment segments_[segment_count_max] = {};
};

namespace elf_detail {

inline constexpr std::uint32_t load = 1;
inline constexpr std::uint32_t dynamic = 2;
inline constexpr std::uint32_t interpreter = 3;
inline constexpr std::uint32_t note = 4;
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

/// Whether the notes of a program header hold a NativeNote, of whatever ABI.
inline bool has_native_note(std::span<const std::byte> file, const ElfProgramHeader& header) {
    if (header.offset > file.size() || header.file_bytes > file.size() - header.offset)
        return false;
    auto notes = file.subspan(header.offset, header.file_bytes);
    constexpr NativeNote wanted;
    constexpr std::size_t head_bytes = offsetof(NativeNote, name);
    while (notes.size() >= sizeof wanted) {
        if (std::memcmp(notes.data(), &wanted, offsetof(NativeNote, contents)) == 0) return true;
        std::uint32_t name_bytes;
        std::uint32_t contents_bytes;
        std::memcpy(&name_bytes, notes.data(), sizeof name_bytes);
        std::memcpy(&contents_bytes, notes.data() + sizeof name_bytes, sizeof contents_bytes);
        const auto padded = [](std::uint64_t bytes) { return (bytes + 3) & ~std::uint64_t{3}; };
        const auto bytes = head_bytes + padded(name_bytes) + padded(contents_bytes);
        if (bytes > notes.size()) return false;
        notes = notes.subspan(bytes);
    }
    return false;
}

}  // namespace elf_detail

inline Result<ElfFile> ElfFile::open(std::span<const std::byte> file) {
    LAMINA_TRY(const ElfHeader header, elf_detail::read_header(file));
    ElfFile elf;
    elf.entry_ = header.entry;
    elf.program_header_count_ = header.program_header_count;
    for (std::uint32_t i = 0; i < header.program_header_count; ++i) {
        ElfProgramHeader program;
        std::memcpy(&program, file.data() + header.program_headers + i * sizeof program,
                    sizeof program);
        if (program.type == elf_detail::dynamic || program.type == elf_detail::interpreter)
            return fail(Status::elf_not_static);
        if (program.type == elf_detail::load && program.memory_bytes != 0)
            LAMINA_CHECK(elf.add(file, program));
        if (program.type == elf_detail::note)
            elf.native_ = elf.native_ || elf_detail::has_native_note(file, program);
    }
    if (elf.segment_count_ == 0) return fail(Status::elf_no_segment);
    elf.find_program_headers(file, header.program_headers);
    for (const ElfSegment& segment : elf.segments()) {
        if (has(segment.protection, Protection::execute) && elf.entry_ >= segment.address &&
            elf.entry_ - segment.address < segment.contents.size())
            return elf;
    }
    return fail(Status::elf_bad_entry);
}

inline void ElfFile::find_program_headers(std::span<const std::byte> file, std::uint64_t offset) {
    const auto bytes = program_header_count_ * sizeof(ElfProgramHeader);
    for (const ElfSegment& segment : segments()) {
        const auto start = std::uint64_t(segment.contents.data() - file.data());
        if (offset >= start && offset - start <= segment.contents.size() &&
            bytes <= segment.contents.size() - (offset - start))
            program_headers_ = segment.address + (offset - start);
    }
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
