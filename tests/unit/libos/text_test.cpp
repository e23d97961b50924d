// tests/unit/libos/text_test.cpp - numbers and strings into sinks, and back.
#include <cstdint>
#include <limits>
#include <string>

#include "doctest/doctest.h"
#include "libos/text/json.hpp"
#include "libos/text/text.hpp"

using libos::Hex;
using libos::Padded;
using libos::parse_number;

namespace {

template <typename... Parts>
std::string text(const Parts&... parts) {
    libos::TextBuffer<200> buffer;
    put(buffer, parts...);
    return std::string(buffer.view());
}

}  // namespace

TEST_CASE("parts are written one after the other") {
    CHECK(text("env ", 7, ' ', std::string_view("x")) == "env 7 x");
    CHECK(text() == "");
}

TEST_CASE("integers of every width and sign") {
    CHECK(text(0) == "0");
    CHECK(text(std::uint8_t{200}) == "200");
    CHECK(text(-1) == "-1");
    CHECK(text(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(text(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
}

TEST_CASE("hexadecimal") {
    CHECK(text(Hex{0}) == "0x0");
    CHECK(text(Hex{0x401136}) == "0x401136");
    CHECK(text(Hex{~0ULL}) == "0xffffffffffffffff");
    CHECK(text(Hex{0x1f, 8}) == "0x0000001f");
}

TEST_CASE("padding: numbers right, text left, longer ones whole") {
    CHECK(text(Padded{std::uint64_t{42}, 5}) == "   42");
    CHECK(text(Padded{std::uint64_t{123456}, 5}) == "123456");
    CHECK(text(Padded{std::string_view("ab"), 4}, "|") == "ab  |");
    CHECK(text(Padded{std::string_view("abcdef"), 4}, "|") == "abcdef|");
}

TEST_CASE("a full buffer drops what does not fit and tells") {
    libos::TextBuffer<4> buffer;
    put(buffer, "abcd");
    CHECK(!buffer.truncated());
    put(buffer, "e");
    CHECK(buffer.truncated());
    CHECK(buffer.view() == "abcd");
    buffer.clear();
    CHECK(buffer.view().empty());
    CHECK(!buffer.truncated());
}

TEST_CASE("numbers are read strictly") {
    CHECK(parse_number("0") == 0);
    CHECK(parse_number("18446744073709551615") == ~0ULL);
    CHECK(parse_number("0xff") == 255);
    CHECK(parse_number("007") == 7);
    for (const auto* bad : {"", "0x", "-1", "+1", " 1", "1 ", "1a", "0xg", "x1", "0XFF",
                            "18446744073709551616", "0x10000000000000000"}) {
        CAPTURE(bad);
        CHECK(!parse_number(bad));
    }
}

TEST_CASE("JSON strings escape quotes, backslashes and control characters") {
    CHECK(text(libos::JsonString{"plain"}) == "\"plain\"");
    CHECK(text(libos::JsonString{"a\"b\\c"}) == "\"a\\\"b\\\\c\"");
    CHECK(text(libos::JsonString{"\n\x01"}) == "\"\\u000a\\u0001\"");
}
