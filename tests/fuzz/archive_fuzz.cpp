// tests/fuzz/archive_fuzz.cpp - the archive reader stays inside any file
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "lamina/archive.hpp"

namespace {

/// Makes header and checksums right, so that the fuzzer gets past them.
void repair(std::span<std::byte> file) {
    lamina::ArchiveHeader header;
    if (file.size() < sizeof header) return;
    std::memcpy(&header, file.data(), sizeof header);
    std::memcpy(header.magic, "LAMARCH1", sizeof header.magic);
    header.version = lamina::archive_format_version;
    header.total_bytes = file.size();
    const auto room = (file.size() - sizeof header) / sizeof(lamina::ArchiveEntry);
    header.entry_count %= std::uint32_t(room + 1);
    const auto table_bytes = header.entry_count * sizeof(lamina::ArchiveEntry);
    header.table_crc32 = lamina::crc32(file.subspan(sizeof header, table_bytes));
    std::memcpy(file.data(), &header, sizeof header);
}

void read_all(std::span<const std::byte> file) {
    const auto archive = lamina::Archive::open(file);
    if (!archive) return;
    for (std::uint32_t i = 0; i < archive->size(); ++i) {
        const auto entry = archive->entry(i);
        const auto contents = archive->find(entry.name, entry.kind);
        if (contents && contents->size() != entry.bytes) std::abort();
        if (!contents && contents.error() != lamina::Status::archive_entry_damaged) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    std::vector<std::byte> file(input.begin(), input.end());
    read_all(file);
    // Contents start on page boundaries: give small inputs something to point at.
    file.resize(file.size() + 3 * lamina::page_size);
    repair(file);
    read_all(file);
    return 0;
}
