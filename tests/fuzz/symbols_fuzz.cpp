// tests/fuzz/symbols_fuzz.cpp - the reader of symbol tables stays inside any table
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "libos/symbols/symbols.hpp"

namespace {

void read(std::span<const std::byte> file) {
    const auto table = libos::SymbolTable::open(file);
    if (!table)
        return;
    std::uint64_t address = 0;
    for (std::size_t at = 0; at + sizeof address <= file.size(); at += sizeof address) {
        std::memcpy(&address, file.data() + at, sizeof address);
        const auto place = table->find(address);
        if (place && place->name.size() > file.size())
            std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    read(input);
    // The same with a header that fits: the first byte says how many records there are.
    if (size == 0)
        return 0;
    constexpr std::size_t header_bytes = 16;
    constexpr std::size_t record_bytes = 16;
    std::vector<std::byte> file(header_bytes);
    file.insert(file.end(), input.begin() + 1, input.end());
    const std::uint32_t count = data[0] % std::uint32_t((size - 1) / record_bytes + 1);
    const std::uint32_t string_bytes = std::uint32_t(size - 1 - count * record_bytes);
    std::memcpy(file.data(), "LAMSYMS1", 8);
    std::memcpy(file.data() + 8, &count, sizeof count);
    std::memcpy(file.data() + 12, &string_bytes, sizeof string_bytes);
    read(file);
    return 0;
}
