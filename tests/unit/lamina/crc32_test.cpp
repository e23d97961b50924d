// tests/unit/lamina/crc32_test.cpp - the checksum against published values and its own properties.
#include "lamina/crc32.hpp"
#include "doctest/doctest.h"
#include "tests/unit/lamina/files.hpp"

TEST_CASE("CRC-32 of known texts") {
    CHECK(lamina::crc32(files::bytes_of("")) == 0);
    CHECK(lamina::crc32(files::bytes_of("a")) == 0xe8b7'be43);
    CHECK(lamina::crc32(files::bytes_of("123456789")) == 0xcbf4'3926);
    CHECK(lamina::crc32(files::bytes_of("The quick brown fox jumps over the lazy dog")) ==
          0x414f'a339);
    CHECK(lamina::crc32(files::Bytes(32)) == 0x190a'55ad);
    CHECK(lamina::crc32(files::Bytes(32, std::byte{0xff})) == 0xff6c'ab0b);
}

TEST_CASE("every flipped bit changes the checksum") {
    auto bytes = files::bytes_of("a boot archive's table of entries");
    const auto before = lamina::crc32(bytes);
    for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
        bytes[i / 8] ^= std::byte(1U << i % 8);
        CHECK(lamina::crc32(bytes) != before);
        bytes[i / 8] ^= std::byte(1U << i % 8);
    }
    CHECK(lamina::crc32(bytes) == before);
}
