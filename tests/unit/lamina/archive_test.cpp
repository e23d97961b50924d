// tests/unit/lamina/archive_test.cpp - the reader of the boot archive.
#include "doctest/doctest.h"
#include "tests/unit/lamina/files.hpp"

using files::Bytes;
using lamina::Archive;
using lamina::ArchiveEntry;
using lamina::ArchiveHeader;
using lamina::ArchiveKind;
using lamina::Status;

namespace {

Bytes good() {
    return files::make_archive({{"hello", ArchiveKind::app, "program"},
                                {"hello", ArchiveKind::symbols, "symbols"},
                                {"manifest", ArchiveKind::data, "start hello"}});
}

constexpr std::size_t entry_at(std::size_t index) {
    return sizeof(ArchiveHeader) + index * sizeof(ArchiveEntry);
}

Status status_of(const Bytes& file) {
    const auto archive = Archive::open(file);
    return archive ? Status::ok : archive.error();
}

// The status after a change to one entry, with the table's checksum made good.
template <typename Change>
Status after(std::size_t index, Change change) {
    auto file = good();
    auto entry = files::load<ArchiveEntry>(file, entry_at(index));
    change(entry);
    files::store(file, entry_at(index), entry);
    files::seal(file);
    return status_of(file);
}

std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("a good archive gives the contents by name and kind") {
    const auto file = good();
    const auto archive = Archive::open(file);
    REQUIRE(archive);
    CHECK(archive->size() == 3);
    CHECK(text_of(*archive->find("hello", ArchiveKind::app)) == "program");
    CHECK(text_of(*archive->find("hello", ArchiveKind::symbols)) == "symbols");
    CHECK(text_of(*archive->find("manifest", ArchiveKind::data)) == "start hello");
    CHECK(archive->find("hello", ArchiveKind::data).error() == Status::archive_no_entry);
    CHECK(archive->find("hell", ArchiveKind::app).error() == Status::archive_no_entry);
    CHECK(archive->find("", ArchiveKind::app).error() == Status::archive_no_entry);
}

TEST_CASE("an archive without entries is good") {
    const auto file = files::make_archive({});
    const auto archive = Archive::open(file);
    REQUIRE(archive);
    CHECK(archive->size() == 0);
}

TEST_CASE("bytes behind the archive do not belong to it") {
    auto file = good();
    const auto size = file.size();
    file.resize(size + 5000);
    CHECK(status_of(file) == Status::ok);
}

TEST_CASE("every truncation is told") {
    const auto file = good();
    for (std::size_t size = 0; size < file.size(); ++size) {
        const Bytes shorter(file.begin(), file.begin() + std::ptrdiff_t(size));
        CHECK(status_of(shorter) == Status::archive_truncated);
    }
}

TEST_CASE("the header's fields are checked") {
    auto file = good();
    auto header = files::load<ArchiveHeader>(file, 0);
    SUBCASE("magic") {
        header.magic[7] = '2';
        files::store(file, 0, header);
        CHECK(status_of(file) == Status::archive_magic);
    }
    SUBCASE("version") {
        header.version = lamina::archive_format_version + 1;
        files::store(file, 0, header);
        CHECK(status_of(file) == Status::archive_version);
    }
    SUBCASE("where init is matters to the kernel only") {
        header.init_page = 1000;
        files::store(file, 0, header);
        CHECK(status_of(file) == Status::ok);
    }
    SUBCASE("more entries than fit") {
        header.entry_count = 0xffff'ffff;
        files::store(file, 0, header);
        CHECK(status_of(file) == Status::archive_truncated);
    }
    SUBCASE("a size smaller than the header") {
        header.total_bytes = 16;
        files::store(file, 0, header);
        CHECK(status_of(file) == Status::archive_truncated);
    }
    SUBCASE("table checksum") {
        header.table_crc32 ^= 1;
        files::store(file, 0, header);
        CHECK(status_of(file) == Status::archive_table_damaged);
    }
}

TEST_CASE("names are printable, ended and padded with zeros") {
    CHECK(after(2, [](auto& e) { e.name[0] = 0; }) == Status::archive_entry_name);
    CHECK(after(2, [](auto& e) { e.name[3] = ' '; }) == Status::archive_entry_name);
    CHECK(after(2, [](auto& e) { e.name[3] = '\x7f'; }) == Status::archive_entry_name);
    CHECK(after(2, [](auto& e) { e.name[39] = 'x'; }) == Status::archive_entry_name);
    CHECK(after(2, [](auto& e) { std::memset(e.name, 'x', 40); }) == Status::archive_entry_name);
    CHECK(after(2, [](auto& e) { std::memset(e.name, 'x', 39); }) == Status::ok);
    CHECK(after(2, [](auto& e) { e.name[3] = '~'; }) == Status::ok);
}

TEST_CASE("entries are sorted by name and kind, each once") {
    CHECK(after(1, [](auto& e) { e.kind = ArchiveKind::app; }) == Status::archive_entry_order);
    CHECK(after(2, [](auto& e) { e.name[0] = 'a'; }) == Status::archive_entry_order);
    CHECK(after(1, [](auto& e) { e.kind = ArchiveKind::data; }) == Status::ok);
}

TEST_CASE("contents are page-aligned, in the file and apart from each other") {
    CHECK(after(1, [](auto& e) { e.offset += 1; }) == Status::archive_entry_range);
    CHECK(after(1, [](auto& e) { e.offset -= 4096; }) == Status::archive_entry_range);
    CHECK(after(0, [](auto& e) { e.offset = 0; }) == Status::archive_entry_range);
    CHECK(after(2, [](auto& e) { e.offset = 1ULL << 40; }) == Status::archive_entry_range);
    CHECK(after(2, [](auto& e) { e.bytes += 1; }) == Status::archive_entry_range);
    CHECK(after(2, [](auto& e) { e.bytes = ~0ULL; }) == Status::archive_entry_range);
    CHECK(after(1, [](auto& e) { e.bytes = 4097; }) == Status::archive_entry_range);
    CHECK(after(2, [](auto& e) { e.offset = ~0ULL << 12; }) == Status::archive_entry_range);
}

TEST_CASE("contents may fill their pages, and the last may be empty") {
    const std::string page(lamina::page_size, 'p');
    const auto file = files::make_archive({{"a", ArchiveKind::data, page},
                                           {"b", ArchiveKind::data, page},
                                           {"c", ArchiveKind::data, ""}});
    const auto archive = Archive::open(file);
    REQUIRE(archive);
    CHECK(archive->entry(1).offset == archive->entry(0).offset + lamina::page_size);
    CHECK(archive->entry(2).offset == file.size());
    CHECK(text_of(*archive->find("b", ArchiveKind::data)) == page);
    CHECK(archive->find("c", ArchiveKind::data)->empty());
}

TEST_CASE("damaged contents are told when they are looked up, others stay usable") {
    auto file = good();
    const auto entry = files::load<ArchiveEntry>(file, entry_at(0));
    file[entry.offset + 2] ^= std::byte{1};
    const auto archive = Archive::open(file);
    REQUIRE(archive);
    CHECK(archive->find("hello", ArchiveKind::app).error() == Status::archive_entry_damaged);
    CHECK(archive->find("hello", ArchiveKind::symbols));
}
