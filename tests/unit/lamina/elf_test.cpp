// tests/unit/lamina/elf_test.cpp - the reader of static executables.
#include "doctest/doctest.h"
#include "tests/unit/lamina/files.hpp"

using files::Bytes;
using lamina::ElfFile;
using lamina::ElfHeader;
using lamina::ElfProgramHeader;
using lamina::has;
using lamina::Protection;
using lamina::Status;

namespace {

Status status_of(const Bytes& file) {
    const auto elf = ElfFile::open(file);
    return elf ? Status::ok : elf.error();
}

template <typename Change>
Status after_header(Change change) {
    auto file = files::make_elf();
    auto header = files::load<ElfHeader>(file, 0);
    change(header);
    files::store(file, 0, header);
    return status_of(file);
}

template <typename Change>
Status after(std::size_t index, Change change) {
    auto file = files::make_elf();
    auto program = files::load<ElfProgramHeader>(file, files::program_header(index));
    change(program);
    files::store(file, files::program_header(index), program);
    return status_of(file);
}

}  // namespace

TEST_CASE("a good executable gives its segments") {
    const auto file = files::make_elf();
    const auto elf = ElfFile::open(file);
    REQUIRE(elf);
    CHECK(elf->entry() == files::elf_base + 0x1000);
    REQUIRE(elf->segments().size() == 3);
    const auto& code = elf->segments()[1];
    CHECK(code.protection == (Protection::read | Protection::execute));
    CHECK(code.page_count() == 1);
    CHECK(code.contents.data() == file.data() + 0x1000);
    const auto& data = elf->segments()[2];
    CHECK(data.protection == (Protection::read | Protection::write));
    CHECK(data.first_page() == files::elf_base + 0x2000);
    CHECK(data.page_count() == 2);
    CHECK(data.contents.size() == 0x800);
    CHECK(data.memory_bytes == 0x1800);
}

TEST_CASE("a segment need not begin on a page boundary") {
    auto file = files::make_elf();
    files::store(file, files::program_header(2),
                 files::load_header(0x2010, files::elf_base + 0x3010, 0x7f0, 0x1000, 6));
    const auto elf = ElfFile::open(file);
    REQUIRE(elf);
    CHECK(elf->segments()[2].first_page() == files::elf_base + 0x3000);
    CHECK(elf->segments()[2].page_count() == 2);
}

TEST_CASE("a file that ends with its program headers") {
    auto file = files::make_elf();
    auto header = files::load<ElfHeader>(file, 0);
    header.program_header_count = 1;
    header.entry = files::elf_base + sizeof header;
    file.resize(files::program_header(1));
    files::store(file, 0, header);
    files::store(file, files::program_header(0),
                 files::load_header(0, files::elf_base, file.size(), file.size(), 5));
    CHECK(status_of(file) == Status::ok);
    // Nothing but the header is no program either, but not for being short.
    header.program_header_count = 0;
    file.resize(sizeof header);
    files::store(file, 0, header);
    CHECK(status_of(file) == Status::elf_no_segment);
    // A segment without contents may lie at the end of the file.
    auto with_empty = files::make_elf();
    files::store(with_empty, files::program_header(2),
                 files::load_header(0x2800, files::elf_base + 0x2800, 0, 0x100, 6));
    CHECK(status_of(with_empty) == Status::ok);
}

TEST_CASE("every truncation is told") {
    const auto file = files::make_elf();
    for (std::size_t size = 0; size < file.size(); ++size) {
        const Bytes shorter(file.begin(), file.begin() + std::ptrdiff_t(size));
        CHECK(status_of(shorter) == Status::elf_truncated);
    }
}

TEST_CASE("the header's fields are checked") {
    CHECK(after_header([](auto& h) { h.ident[0] = 0; }) == Status::elf_magic);
    CHECK(after_header([](auto& h) { h.ident[4] = 1; }) == Status::elf_not_x86_64);
    CHECK(after_header([](auto& h) { h.ident[5] = 2; }) == Status::elf_not_x86_64);
    CHECK(after_header([](auto& h) { h.machine = 3; }) == Status::elf_not_x86_64);
    CHECK(after_header([](auto& h) { h.type = 3; }) == Status::elf_not_static);
    CHECK(after_header([](auto& h) { h.type = 1; }) == Status::elf_not_static);
    CHECK(after_header([](auto& h) { h.ident[6] = 0; }) == Status::elf_bad_header);
    CHECK(after_header([](auto& h) { h.version = 2; }) == Status::elf_bad_header);
    CHECK(after_header([](auto& h) { h.header_bytes = 0; }) == Status::elf_bad_header);
    CHECK(after_header([](auto& h) { h.program_header_bytes = 0; }) == Status::elf_bad_header);
    CHECK(after_header([](auto& h) { h.program_headers = ~0ULL; }) == Status::elf_truncated);
    CHECK(after_header([](auto& h) { h.program_headers = 0x2800; }) == Status::elf_truncated);
    CHECK(after_header([](auto& h) { h.program_header_count = 0xffff; }) == Status::elf_truncated);
    CHECK(after_header([](auto& h) { h.program_header_count = 0; }) == Status::elf_no_segment);
}

TEST_CASE("the entry lies in the contents of an executable segment") {
    CHECK(after_header([](auto& h) { h.entry = 0; }) == Status::elf_bad_entry);
    CHECK(after_header([](auto& h) { h.entry = files::elf_base; }) == Status::elf_bad_entry);
    CHECK(after_header([](auto& h) { h.entry += 0x1000; }) == Status::elf_bad_entry);
    CHECK(after_header([](auto& h) { h.entry += 0xfff; }) == Status::ok);
    CHECK(after_header([](auto& h) { h.entry = 0xffff'8000'0000'0000; }) == Status::elf_bad_entry);
}

TEST_CASE("dynamic executables are refused") {
    CHECK(after(0, [](auto& p) { p.type = 2; }) == Status::elf_not_static);
    CHECK(after(0, [](auto& p) { p.type = 3; }) == Status::elf_not_static);
}

TEST_CASE("segments lie in the file") {
    CHECK(after(1, [](auto& p) { p.offset = ~0ULL & ~0xfffULL; }) == Status::elf_truncated);
    CHECK(after(1, [](auto& p) { p.file_bytes = p.memory_bytes = 0x1'0000; }) ==
          Status::elf_truncated);
    CHECK(after(1, [](auto& p) { p.file_bytes = p.memory_bytes + 1; }) == Status::elf_bad_header);
}

TEST_CASE("segments lie in the user half") {
    CHECK(after(2, [](auto& p) { p.address = 0xffff'ffff'8000'0000; }) ==
          Status::elf_segment_range);
    CHECK(after(2, [](auto& p) { p.address = 0x8000'0000'0000; }) == Status::elf_segment_range);
    CHECK(after(2, [](auto& p) { p.address = lamina::user_end - 0x1000; }) ==
          Status::elf_segment_range);
    CHECK(after(2, [](auto& p) { p.address = lamina::user_end - 0x2000; }) == Status::ok);
    CHECK(after(2, [](auto& p) { p.memory_bytes = ~0ULL; }) == Status::elf_segment_range);
    CHECK(after(0, [](auto& p) { p.address = 0; }) == Status::elf_segment_range);
}

TEST_CASE("segments agree with the file modulo the page size") {
    CHECK(after(2, [](auto& p) { p.address += 8; }) == Status::elf_segment_align);
}

TEST_CASE("segments ascend and share no page") {
    CHECK(after(2, [](auto& p) { p.address = files::elf_base + 0x1000; }) ==
          Status::elf_segment_overlap);
    CHECK(after(1, [](auto& p) { p.memory_bytes += 1; }) == Status::elf_segment_overlap);
    CHECK(after(0, [](auto& p) { p.address += 0x1000'0000; }) == Status::elf_segment_overlap);
}

TEST_CASE("no segment is writable and executable") {
    CHECK(after(1, [](auto& p) { p.flags = 7; }) == Status::elf_write_and_execute);
    CHECK(after(2, [](auto& p) { p.flags |= 1; }) == Status::elf_write_and_execute);
}

TEST_CASE("segments without memory count for nothing, and there are at most 16") {
    CHECK(after(2, [](auto& p) { p.memory_bytes = 0; }) == Status::ok);
    auto file = files::make_elf();
    auto header = files::load<ElfHeader>(file, 0);
    header.program_header_count = 17;
    files::store(file, 0, header);
    for (std::size_t i = 0; i < 17; ++i)
        files::store(file, files::program_header(i),
                     files::load_header(0, files::elf_base + i * 0x1000, 16, 16, 5));
    CHECK(status_of(file) == Status::elf_bad_header);
}
