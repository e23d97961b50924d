// tests/unit/exokernel/core/text_test.cpp - TextLine: numbers, hexadecimal, the cut at the end.
#include "exokernel/core/text.hpp"

#include <cstdint>
#include <string>

#include "doctest/doctest.h"

using exo::Hex;
using exo::TextLine;

namespace {

std::string text_of(const TextLine& line) { return std::string(line.view()); }

}  // namespace

TEST_CASE("a new line is empty") { CHECK(TextLine().view().empty()); }

TEST_CASE("parts follow each other without a gap") {
    TextLine line;
    line.add("frames ").add(12U).add(std::string_view(", free ")).add(std::uint8_t{7});
    CHECK(text_of(line) == "frames 12, free 7");
}

TEST_CASE("zero is one digit") {
    TextLine line;
    line.add(0U).add(" ").add(Hex{0});
    CHECK(text_of(line) == "0 0x0");
}

TEST_CASE("the largest numbers fit, in both bases") {
    TextLine line;
    line.add(~std::uint64_t{0}).add(" ").add(Hex{~std::uint64_t{0}});
    CHECK(text_of(line) == "18446744073709551615 0xffffffffffffffff");
}

TEST_CASE("digits stand in their order, hexadecimal ones in lower case") {
    TextLine line;
    line.add(1234567890U).add(" ").add(Hex{0x0123456789abcdef});
    CHECK(text_of(line) == "1234567890 0x123456789abcdef");
}

TEST_CASE("text that does not fit is cut off at the capacity") {
    TextLine line;
    const std::string most(TextLine::capacity - 1, 'x');
    line.add(std::string_view(most)).add("yz");
    CHECK(text_of(line) == most + "y");
    line.add("more").add(5U);
    CHECK(line.view().size() == TextLine::capacity);
}

TEST_CASE("a number that does not fit is cut off too") {
    TextLine line;
    const std::string most(TextLine::capacity - 2, 'x');
    line.add(std::string_view(most)).add(12345U);
    CHECK(text_of(line) == most + "12");
}
