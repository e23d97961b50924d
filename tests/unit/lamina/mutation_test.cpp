// tests/unit/lamina/mutation_test.cpp - thousands of damaged files: each is refused by name or
// sound.
#include <map>

#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/lamina/files.hpp"

using files::Bytes;
using lamina::Archive;
using lamina::ArchiveKind;
using lamina::ElfFile;
using lamina::Status;
using mutation::Random;

namespace {

constexpr int rounds = 4000;

bool inside(std::span<const std::byte> part, const Bytes& file) {
    return part.data() >= file.data() && part.data() + part.size() <= file.data() + file.size();
}

// Reads every byte, so that a sanitizer sees those outside.
unsigned sum(std::span<const std::byte> bytes) {
    unsigned total = 0;
    for (const auto byte : bytes)
        total += unsigned(byte);
    return total;
}

// What the reader promises of a file it accepts.
void check_sound(const Archive& archive, const Bytes& file, std::map<Status, int>& seen) {
    std::string before;
    std::uint64_t end = 0;
    for (std::uint32_t i = 0; i < archive.size(); ++i) {
        const auto entry = archive.entry(i);
        const std::string name(entry.name);
        CHECK(name.size() < sizeof entry.name);
        CHECK(before <= name);
        before = name;
        CHECK(entry.offset >= end);
        CHECK(entry.offset % lamina::page_size == 0);
        end = entry.offset + entry.bytes;
        CHECK(end <= file.size());
        const auto contents = archive.find(name, entry.kind);
        ++seen[contents ? Status::ok : contents.error()];
        if (contents) {
            CHECK(inside(*contents, file));
            CHECK(lamina::crc32(*contents) == entry.contents_crc32);
        }
    }
}

void check_sound(const ElfFile& elf, const Bytes& file) {
    std::uint64_t end = lamina::user_start;
    bool entry_found = false;
    CHECK(!elf.segments().empty());
    for (const auto& segment : elf.segments()) {
        CHECK(segment.first_page() >= end);
        CHECK(segment.page_count() > 0);
        end = segment.first_page() + segment.page_count() * lamina::page_size;
        CHECK(end <= lamina::user_end);
        CHECK(inside(segment.contents, file));
        CHECK(segment.contents.size() <= segment.memory_bytes);
        CHECK(sum(segment.contents) <= segment.contents.size() * 255);
        const bool executable = has(segment.protection, lamina::Protection::execute);
        CHECK(!(executable && has(segment.protection, lamina::Protection::write)));
        entry_found = entry_found || (executable && elf.entry() >= segment.address &&
                                      elf.entry() < segment.address + segment.contents.size());
    }
    CHECK(entry_found);
}

}  // namespace

TEST_CASE("4000 damaged archives: every cause is met, none is accepted wrongly") {
    const auto good = files::make_archive({{"a", ArchiveKind::data, "first"},
                                           {"hello", ArchiveKind::app, "the program"},
                                           {"hello", ArchiveKind::symbols, "its symbols"},
                                           {"manifest", ArchiveKind::data, "start hello"}});
    const mutation::Shape shape = {sizeof(lamina::ArchiveHeader), sizeof(lamina::ArchiveHeader),
                                   sizeof(lamina::ArchiveEntry), 4};
    std::map<Status, int> seen;
    for (int round = 0; round < rounds; ++round) {
        CAPTURE(round);
        Random random(std::uint64_t(round) + 1);
        auto file = good;
        file.resize(mutation::damage(random, file, shape));
        file.shrink_to_fit();
        // Half of them with a checksum that fits, or nothing behind it would be reached.
        if (round % 2 == 0) files::seal(file);
        const auto archive = Archive::open(file);
        ++seen[archive ? Status::ok : archive.error()];
        if (archive) check_sound(*archive, file, seen);
    }
    for (const auto status :
         {Status::ok, Status::archive_truncated, Status::archive_magic, Status::archive_version,
          Status::archive_table_damaged, Status::archive_entry_name, Status::archive_entry_order,
          Status::archive_entry_range, Status::archive_entry_damaged}) {
        CAPTURE(lamina::status_name(status));
        CHECK(seen[status] > 0);
    }
}

TEST_CASE("4000 damaged executables: every cause is met, none is accepted wrongly") {
    const auto good = files::make_elf();
    const mutation::Shape shape = {sizeof(lamina::ElfHeader), sizeof(lamina::ElfHeader),
                                   sizeof(lamina::ElfProgramHeader), files::elf_segments};
    std::map<Status, int> seen;
    for (int round = 0; round < rounds; ++round) {
        CAPTURE(round);
        Random random(std::uint64_t(round) + 1);
        auto file = good;
        file.resize(mutation::damage(random, file, shape));
        file.shrink_to_fit();
        const auto elf = ElfFile::open(file);
        ++seen[elf ? Status::ok : elf.error()];
        if (elf) check_sound(*elf, file);
    }
    for (const auto status :
         {Status::ok, Status::elf_truncated, Status::elf_magic, Status::elf_not_x86_64,
          Status::elf_not_static, Status::elf_bad_header, Status::elf_segment_range,
          Status::elf_segment_align, Status::elf_segment_overlap, Status::elf_write_and_execute,
          Status::elf_bad_entry}) {
        CAPTURE(lamina::status_name(status));
        CHECK(seen[status] > 0);
    }
}
