// tests/fuzz/elf_fuzz.cpp - the ELF reader lets only sound segments through
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "lamina/elf.hpp"

namespace {

constexpr std::uint64_t user_end = std::uint64_t{1} << 47;

/// An executable with one segment, over which the input is laid where it is not zero.
std::vector<std::byte> overlay(std::span<const std::byte> input) {
    lamina::ElfHeader header{};
    const unsigned char ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    std::memcpy(header.ident, ident, sizeof ident);
    header.type = 2;
    header.machine = 62;
    header.version = 1;
    header.entry = 0x400000;
    header.program_headers = sizeof header;
    header.header_bytes = sizeof header;
    header.program_header_bytes = sizeof(lamina::ElfProgramHeader);
    header.program_header_count = 1;
    lamina::ElfProgramHeader load{};
    load.type = 1;
    load.flags = 5;
    load.address = 0x400000;
    load.file_bytes = load.memory_bytes = sizeof header;
    load.alignment = lamina::page_size;
    std::vector<std::byte> file(std::max(input.size(), sizeof header + sizeof load));
    std::memcpy(file.data(), &header, sizeof header);
    std::memcpy(file.data() + sizeof header, &load, sizeof load);
    for (std::size_t i = 0; i < input.size(); ++i)
        file[i] ^= input[i];
    return file;
}

void read(std::span<const std::byte> file) {
    const auto elf = lamina::ElfFile::open(file);
    if (!elf)
        return;
    std::uint64_t free_from = 0;
    for (const auto& segment : elf->segments()) {
        const auto end = segment.first_page() + segment.page_count() * lamina::page_size;
        if (segment.first_page() < free_from || end <= segment.first_page() || end > user_end)
            std::abort();
        const auto* const last = file.data() + file.size();
        if (segment.contents.size() > segment.memory_bytes ||
            (!segment.contents.empty() && (segment.contents.data() < file.data() ||
                                           segment.contents.data() > last ||
                                           segment.contents.size() >
                                               std::size_t(last - segment.contents.data()))))
            std::abort();
        free_from = end;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    read(input);
    read(overlay(input));
    return 0;
}
