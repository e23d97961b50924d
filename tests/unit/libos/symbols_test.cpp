// tests/unit/libos/symbols_test.cpp - symbol tables: look-up, damage, and thousands of mutations.
#include <cstring>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "libos/symbols/symbols.hpp"
#include "tests/mutation/mutation.hpp"

using lamina::Status;
using libos::SymbolTable;

namespace {

using Bytes = std::vector<std::byte>;

struct Record {
    std::uint64_t address;
    std::uint32_t bytes;
    std::uint32_t name;
};

constexpr std::size_t header_bytes = 16;

template <typename T>
void append(Bytes& file, const T& value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    file.insert(file.end(), bytes, bytes + sizeof value);
}

Bytes make(const std::vector<Record>& records, const std::string& strings) {
    Bytes file(8);
    std::memcpy(file.data(), "LAMSYMS1", 8);
    append(file, std::uint32_t(records.size()));
    append(file, std::uint32_t(strings.size()));
    for (const auto& record : records)
        append(file, record);
    for (const char letter : strings)
        append(file, letter);
    return file;
}

const std::string names("main\0crash_null\0tail\0", 21);

Bytes good() { return make({{0x1000, 0x100, 0}, {0x1100, 0x10, 5}, {0x2000, 1, 16}}, names); }

Status status_of(const Bytes& file) {
    const auto table = SymbolTable::open(file);
    return table ? Status::ok : table.error();
}

std::string place(const SymbolTable& table, std::uint64_t address) {
    const auto found = table.find(address);
    if (!found) return "";
    return std::string(found->name) + "+" + std::to_string(found->offset);
}

}  // namespace

TEST_CASE("an address is found in the function that holds it") {
    const auto file = good();
    const auto table = SymbolTable::open(file);
    REQUIRE(table);
    CHECK(place(*table, 0x1000) == "main+0");
    CHECK(place(*table, 0x10ff) == "main+255");
    CHECK(place(*table, 0x1106) == "crash_null+6");
    CHECK(place(*table, 0x2000) == "tail+0");
    CHECK(place(*table, 0xfff) == "");
    CHECK(place(*table, 0x1110) == "");
    CHECK(place(*table, 0x2001) == "");
    CHECK(place(*table, ~0ULL) == "");
}

TEST_CASE("functions may share an address, and the last may end with the address space") {
    const auto file = make({{0x1000, 0, 0}, {0x1000, 8, 5}, {~0ULL - 1, 1, 16}}, names);
    const auto table = SymbolTable::open(file);
    REQUIRE(table);
    CHECK(place(*table, 0x1004) == "crash_null+4");
    CHECK(place(*table, ~0ULL - 1) == "tail+0");
    CHECK(place(*table, ~0ULL) == "");
}

TEST_CASE("an empty table finds nothing") {
    const auto file = make({}, "");
    const auto table = SymbolTable::open(file);
    REQUIRE(table);
    CHECK(!table->find(0x1000));
}

TEST_CASE("damaged tables are refused") {
    CHECK(status_of({}) == Status::symbols_damaged);
    CHECK(status_of(make({{0x2000, 1, 0}, {0x1000, 1, 0}}, names)) == Status::symbols_damaged);
    CHECK(status_of(make({{0x1000, 1, 21}}, names)) == Status::symbols_damaged);
    CHECK(status_of(make({{~0ULL, 1, 0}}, names)) == Status::symbols_damaged);
    CHECK(status_of(make({{0x1000, 1, 0}}, "main")) == Status::symbols_damaged);
    CHECK(status_of(make({{0x1000, 1, 0}}, "")) == Status::symbols_damaged);
    auto file = good();
    file[0] = std::byte{'X'};
    CHECK(status_of(file) == Status::symbols_damaged);
    file = good();
    file.pop_back();
    CHECK(status_of(file) == Status::symbols_damaged);
    file = good();
    file.push_back({});
    CHECK(status_of(file) == Status::symbols_damaged);
}

TEST_CASE("4000 damaged tables: refused, or every look-up stays inside") {
    const mutation::Shape shape = {header_bytes, header_bytes, sizeof(Record), 3};
    int refused = 0;
    int accepted = 0;
    for (int round = 0; round < 4000; ++round) {
        CAPTURE(round);
        mutation::Random random(std::uint64_t(round) + 1);
        auto file = good();
        file.resize(mutation::damage(random, file, shape));
        file.shrink_to_fit();
        const auto table = SymbolTable::open(file);
        if (!table) {
            CHECK(table.error() == Status::symbols_damaged);
            ++refused;
            continue;
        }
        ++accepted;
        for (const auto address : {0x0ULL, 0x1000ULL, 0x1106ULL, 0x2000ULL, ~0ULL}) {
            const auto found = table->find(address);
            if (found) CHECK(std::string(found->name).size() < file.size());
        }
    }
    CHECK(refused > 1000);
    CHECK(accepted > 100);
}
