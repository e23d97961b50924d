// tests/unit/lamina/elf_program_test.cpp - what tells an app from a foreign program, and what that
// needs to know of itself.
#include "doctest/doctest.h"
#include "tests/unit/lamina/files.hpp"

using files::Bytes;
using lamina::ElfFile;
using lamina::ElfHeader;
using lamina::ElfProgramHeader;
using lamina::NativeNote;

namespace {

constexpr std::uint64_t notes_at = 0x180;

struct Note {
    std::uint32_t name_bytes;
    std::uint32_t contents_bytes;
    std::uint32_t type;
};

// A good file whose segment of data is a segment of notes instead.
template <typename... Parts>
Bytes with_notes(const Parts&... parts) {
    auto file = files::make_elf();
    std::uint64_t at = notes_at;
    [[maybe_unused]] const auto append = [&](const auto& part) {
        files::store(file, at, part);
        at += sizeof part;
    };
    (append(parts), ...);
    auto header =
        files::load_header(notes_at, files::elf_base + notes_at, at - notes_at, at - notes_at, 4);
    header.type = 4;
    files::store(file, files::program_header(2), header);
    return file;
}

bool native(const Bytes& file) {
    const auto elf = ElfFile::open(file);
    REQUIRE(elf);
    return elf->native();
}

}  // namespace

TEST_CASE("a program with our note is an app, any other is foreign") {
    CHECK(!native(files::make_elf()));
    CHECK(!native(with_notes()));
    CHECK(native(with_notes(NativeNote{})));
    // It need not be the first note; name and contents of others are padded to 4 bytes.
    const Note other = {5, 2, 1};
    CHECK(native(with_notes(other, std::uint64_t{0}, std::uint32_t{0}, NativeNote{})));
    CHECK(!native(with_notes(other, std::uint64_t{0}, NativeNote{})));
}

TEST_CASE("the note tells, whatever ABI it names") {
    CHECK(native(with_notes(NativeNote{.contents = lamina::abi_version + 1})));
    CHECK(!native(with_notes(NativeNote{.type = 2})));
    CHECK(!native(with_notes(NativeNote{.name = "Lamine"})));
    CHECK(!native(with_notes(NativeNote{.contents_bytes = 8})));
}

TEST_CASE("notes that are longer than their segment, or are not in the file, are none") {
    auto file = with_notes(NativeNote{});
    auto header = files::load<ElfProgramHeader>(file, files::program_header(2));
    for (header.file_bytes = 0; header.file_bytes < sizeof(NativeNote); ++header.file_bytes) {
        files::store(file, files::program_header(2), header);
        CHECK(!native(file));
    }
    header.file_bytes = ~std::uint64_t{0};
    files::store(file, files::program_header(2), header);
    CHECK(!native(file));
    header.file_bytes = sizeof(NativeNote);
    header.offset = ~std::uint64_t{0};
    files::store(file, files::program_header(2), header);
    CHECK(!native(file));
    CHECK(!native(with_notes(Note{~0U, ~0U, 1}, NativeNote{})));
}

TEST_CASE("the program headers are found where their bytes are mapped") {
    auto file = files::make_elf();
    auto elf = ElfFile::open(file);
    REQUIRE(elf);
    CHECK(elf->program_headers() == files::elf_base + sizeof(ElfHeader));
    CHECK(elf->program_header_count() == files::elf_segments);
    // Too short by one byte.
    const auto bytes = files::program_header(files::elf_segments);
    files::store(file, files::program_header(0),
                 files::load_header(0, files::elf_base, bytes - 1, bytes - 1, 4));
    elf = ElfFile::open(file);
    REQUIRE(elf);
    CHECK(elf->program_headers() == 0);
    files::store(file, files::program_header(0),
                 files::load_header(0, files::elf_base, bytes, bytes, 4));
    elf = ElfFile::open(file);
    REQUIRE(elf);
    CHECK(elf->program_headers() == files::elf_base + sizeof(ElfHeader));
}
