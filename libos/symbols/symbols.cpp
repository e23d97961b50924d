// libos/symbols/symbols.cpp - which function an address lies in, from an app's symbol table.
#include "libos/symbols/symbols.hpp"

#include <cstring>

namespace libos {

namespace {

struct Header {
    char magic[8];
    std::uint32_t count;
    std::uint32_t string_bytes;
};
static_assert(sizeof(Header) == 16);

}  // namespace

lamina::Result<SymbolTable> SymbolTable::open(std::span<const std::byte> file) {
    const auto damaged = lamina::fail(lamina::Status::symbols_damaged);
    Header header;
    if (file.size() < sizeof header) return damaged;
    std::memcpy(&header, file.data(), sizeof header);
    if (std::memcmp(header.magic, "LAMSYMS1", sizeof header.magic) != 0) return damaged;
    const auto records_bytes = std::uint64_t{header.count} * sizeof(Record);
    if (sizeof header + records_bytes + header.string_bytes != file.size()) return damaged;
    const auto records = file.subspan(sizeof header, records_bytes);
    const auto strings = file.subspan(sizeof header + records_bytes);
    const SymbolTable table(
        records, {reinterpret_cast<const char*>(strings.data()), strings.size()}, header.count);
    if (!table.sound()) return damaged;
    return table;
}

SymbolTable::Record SymbolTable::record(std::uint32_t index) const {
    Record record;
    std::memcpy(&record, records_.data() + index * sizeof record, sizeof record);
    return record;
}

bool SymbolTable::sound() const {
    if (count_ != 0 && (strings_.empty() || strings_.back() != '\0')) return false;
    std::uint64_t before = 0;
    for (std::uint32_t i = 0; i < count_; ++i) {
        const Record here = record(i);
        if (here.address < before || here.name >= strings_.size() ||
            here.bytes > ~std::uint64_t{0} - here.address)
            return false;
        before = here.address;
    }
    return true;
}

std::optional<SymbolPlace> SymbolTable::find(std::uint64_t address) const {
    std::uint32_t low = 0;
    std::uint32_t high = count_;
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        if (record(middle).address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0) return {};
    const Record here = record(low - 1);
    const auto offset = address - here.address;
    if (offset >= here.bytes) return {};
    const auto name = strings_.substr(here.name);
    return SymbolPlace{name.substr(0, name.find('\0')), offset};
}

}  // namespace libos
