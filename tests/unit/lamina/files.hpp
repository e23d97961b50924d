// tests/unit/lamina/files.hpp - small good archives and ELF files to test readers with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/archive.hpp"
#include "lamina/elf.hpp"

namespace files {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

struct Content {
    std::string_view name;
    lamina::ArchiveKind kind;
    std::string_view text;
};

/// Writes a structure at an offset.
template <typename T>
void store(Bytes& file, std::size_t offset, const T& value) {
    std::memcpy(file.data() + offset, &value, sizeof value);
}

/// Reads one.
template <typename T>
T load(const Bytes& file, std::size_t offset) {
    T value;
    std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}

/// Makes header and table checksum fit the table again, if both are in the file.
inline void seal(Bytes& archive) {
    if (archive.size() < sizeof(lamina::ArchiveHeader)) return;
    auto header = load<lamina::ArchiveHeader>(archive, 0);
    const auto table = std::uint64_t{header.entry_count} * sizeof(lamina::ArchiveEntry);
    if (table > archive.size() - sizeof header) return;
    header.table_crc32 =
        lamina::crc32(std::span<const std::byte>(archive).subspan(sizeof header, table));
    store(archive, 0, header);
}

inline Bytes make_archive(std::initializer_list<Content> contents) {
    Bytes file(sizeof(lamina::ArchiveHeader) + contents.size() * sizeof(lamina::ArchiveEntry));
    std::size_t at = sizeof(lamina::ArchiveHeader);
    for (const auto& content : contents) {
        lamina::ArchiveEntry entry = {};
        std::memcpy(entry.name, content.name.data(), content.name.size());
        entry.kind = content.kind;
        const auto bytes = bytes_of(content.text);
        entry.contents_crc32 = lamina::crc32(bytes);
        entry.offset = lamina::page_ceil(file.size());
        entry.bytes = bytes.size();
        file.resize(entry.offset);
        file.insert(file.end(), bytes.begin(), bytes.end());
        store(file, at, entry);
        at += sizeof entry;
    }
    lamina::ArchiveHeader header = {};
    std::memcpy(header.magic, "LAMARCH1", sizeof header.magic);
    header.version = lamina::archive_format_version;
    header.entry_count = std::uint32_t(contents.size());
    header.total_bytes = file.size();
    store(file, 0, header);
    seal(file);
    return file;
}

inline constexpr std::size_t elf_segments = 3;
inline constexpr std::uint64_t elf_base = 0x40'0000;

inline lamina::ElfProgramHeader load_header(std::uint64_t offset, std::uint64_t address,
                                            std::uint64_t file_bytes, std::uint64_t memory_bytes,
                                            std::uint32_t flags) {
    return {1, flags, offset, address, address, file_bytes, memory_bytes, lamina::page_size};
}

/// Offset of program header `index`.
constexpr std::size_t program_header(std::size_t index) {
    return sizeof(lamina::ElfHeader) + index * sizeof(lamina::ElfProgramHeader);
}

/// A static executable with headers read-only, one page of code, half a page of data with zeroes
/// after it.
inline Bytes make_elf() {
    Bytes file(0x2800);
    lamina::ElfHeader header = {};
    std::memcpy(header.ident,
                "\x7f"
                "ELF\x02\x01\x01",
                7);
    header.type = 2;
    header.machine = 62;
    header.version = 1;
    header.entry = elf_base + 0x1000;
    header.program_headers = sizeof header;
    header.header_bytes = sizeof header;
    header.program_header_bytes = sizeof(lamina::ElfProgramHeader);
    header.program_header_count = elf_segments;
    store(file, 0, header);
    store(file, program_header(0), load_header(0, elf_base, 0x200, 0x200, 4));
    store(file, program_header(1), load_header(0x1000, elf_base + 0x1000, 0x1000, 0x1000, 5));
    store(file, program_header(2), load_header(0x2000, elf_base + 0x2000, 0x800, 0x1800, 6));
    for (std::size_t i = 0x1000; i < file.size(); ++i)
        file[i] = std::byte(i * 7);
    return file;
}

}  // namespace files
