// tests/unit/exokernel/driver/screen/screen_test.cpp - Screen: the grid, escapes, scrolling,
// pixels.
#include "exokernel/driver/screen/screen.hpp"

#include <memory>
#include <string>

#include "doctest/doctest.h"
#include "tests/unit/exokernel/machine.hpp"

using exo::Screen;
using exo::ScreenMode;

namespace {

constexpr std::uint64_t video = 0x1000;

/// A screen of characters, with untouched memory (0xa5) around its cells.
struct TextScreen {
    explicit TextScreen(std::uint32_t columns = 10, std::uint32_t rows = 4)
        : columns(columns), rows(rows), memory(64) {
        screen->init({ScreenMode::Kind::text, {video}, columns * 2, columns, rows, 2});
    }
    std::string row(std::uint32_t which) const {
        std::string text;
        for (std::uint32_t column = 0; column < columns; ++column)
            text += char(memory.object<std::uint16_t>(video + (which * columns + column) * 2));
        return text.substr(0, text.find_last_not_of(' ') + 1);
    }
    std::string all() const {
        std::string text;
        for (std::uint32_t which = 0; which < rows; ++which)
            text += row(which) + (which + 1 < rows ? "|" : "");
        return text;
    }

    std::uint32_t columns;
    std::uint32_t rows;
    HostMemory memory;
    std::unique_ptr<Screen> screen = std::make_unique<Screen>();
};

/// A screen of 4 by 2 characters in pixels of 4 bytes, the pitch wider than the picture.
struct PixelScreen {
    static constexpr std::uint32_t pitch = 160;
    explicit PixelScreen(std::uint32_t bytes_per_pixel = 4)
        : bytes_per_pixel(bytes_per_pixel), memory(64) {
        screen->init({ScreenMode::Kind::pixels, {video}, pitch, 35, 40, bytes_per_pixel});
    }
    std::uint32_t pixel(std::uint32_t x, std::uint32_t y) const {
        std::uint32_t value = 0;
        for (std::uint32_t i = 0; i < bytes_per_pixel; ++i)
            value |= std::uint32_t(*memory.at(video + y * pitch + x * bytes_per_pixel + i))
                     << (8 * i);
        return value;
    }
    unsigned lit(std::uint32_t column, std::uint32_t row) const {
        unsigned count = 0;
        for (std::uint32_t y = 0; y < 16; ++y)
            for (std::uint32_t x = 0; x < 8; ++x)
                count += pixel(column * 8 + x, row * 16 + y) != 0;
        return count;
    }

    std::uint32_t bytes_per_pixel;
    HostMemory memory;
    std::unique_ptr<Screen> screen = std::make_unique<Screen>();
};

}  // namespace

TEST_CASE_FIXTURE(TextScreen, "a new screen is blank, grey on black") {
    CHECK(all() == "|||");
    CHECK(memory.object<std::uint16_t>(video) == 0x0720);
}

TEST_CASE_FIXTURE(TextScreen, "text goes from left to right") {
    screen->write("hello");
    screen->write(" you");
    CHECK(row(0) == "hello you");
    CHECK(memory.object<std::uint16_t>(video) == (0x0700 | 'h'));
}

TEST_CASE_FIXTURE(TextScreen, "a line feed starts the next line at its first column") {
    screen->write("ab\ncd\n\nef");
    CHECK(all() == "ab|cd||ef");
}

TEST_CASE_FIXTURE(TextScreen, "a carriage return goes to the start of the same line") {
    screen->write("abcd\rxy");
    CHECK(row(0) == "xycd");
}

TEST_CASE_FIXTURE(TextScreen, "a backspace goes back one, not over the start, and erases nothing") {
    screen->write("\b\babc\b\bX");
    CHECK(row(0) == "aXc");
}

TEST_CASE_FIXTURE(TextScreen, "a full line goes on in the next, only when there is more") {
    screen->write("0123456789");
    CHECK(all() == "0123456789|||");
    screen->write("a");
    CHECK(all() == "0123456789|a||");
}

TEST_CASE_FIXTURE(TextScreen, "a line that is exactly full and ended leaves no empty one") {
    screen->write("0123456789\nab");
    CHECK(all() == "0123456789|ab||");
}

TEST_CASE_FIXTURE(TextScreen, "the last line scrolls the others up") {
    screen->write("1\n2\n3\n4\n5");
    CHECK(all() == "2|3|4|5");
    screen->write("\n\n");
    CHECK(all() == "4|5||");
}

TEST_CASE_FIXTURE(TextScreen, "other control characters and bytes above ASCII are not shown") {
    screen->write(
        "a\x01\t\x7f\x80\xff"
        "b");
    CHECK(row(0) == "ab");
}

TEST_CASE_FIXTURE(TextScreen, "CSI K erases from the cursor to the end of the line") {
    screen->write("abcdef\b\b\b\x1b[K\nzz");
    CHECK(all() == "abc|zz||");
}

TEST_CASE_FIXTURE(TextScreen, "CSI K at the full end of a line erases nothing") {
    screen->write("0123456789\x1b[K");
    CHECK(all() == "0123456789|||");
}

TEST_CASE_FIXTURE(TextScreen, "CSI C and CSI D move the cursor, by one or by their number") {
    screen->write("abcdef\r\x1b[CX\x1b[2CY\x1b[5DZ");
    CHECK(row(0) == "ZXcdYf");
}

TEST_CASE_FIXTURE(TextScreen, "the cursor does not leave the line, whatever the number") {
    screen->write("ab\x1b[999999999999D*\x1b[999999999999C");
    CHECK(row(0) == "*b");
    screen->write("c");
    CHECK(all() == "*b|c||");
}

TEST_CASE_FIXTURE(TextScreen, "CSI 2 J clears the screen, CSI H goes home") {
    screen->write("1\n2\n3\x1b[2J\x1b[Hab");
    CHECK(all() == "ab|||");
    screen->write("\ncd\x1b[HX");
    CHECK(all() == "Xb|cd||");
}

TEST_CASE_FIXTURE(TextScreen, "sequences of other kinds are swallowed whole") {
    screen->write(
        "a\x1b[1;31mb\x1b[?25lc\x1b[0md\x1b"
        "7e");
    CHECK(row(0) == "abcde");
}

TEST_CASE_FIXTURE(TextScreen, "a title is swallowed up to its end, BEL or ESC backslash") {
    screen->write(
        "a\x1b]0;Lamina\x07"
        "b\x1b]0;other\x1b\\c");
    CHECK(row(0) == "abc");
}

TEST_CASE_FIXTURE(TextScreen, "a sequence may come in pieces") {
    for (const char c : std::string_view("ab\x1b[2DX"))
        screen->write({&c, 1});
    CHECK(row(0) == "Xb");
}

TEST_CASE_FIXTURE(TextScreen, "nothing is written outside the cells") {
    for (int i = 0; i < 200; ++i)
        screen->write("some text that wraps\n\x1b[99C\x1b[K!");
    CHECK(memory.object<std::uint16_t>(video - 2) == 0xa5a5);
    CHECK(memory.object<std::uint16_t>(video + columns * rows * 2) == 0xa5a5);
}

TEST_CASE("what is on the screen already is not drawn again") {
    TextScreen text;
    text.screen->write("abc");
    text.memory.object<std::uint16_t>(video) = 0;
    text.screen->write("\rabd");
    CHECK(text.memory.object<std::uint16_t>(video) == 0);
    CHECK(char(text.memory.object<std::uint16_t>(video + 4)) == 'd');
}

TEST_CASE("a screen larger than the grid keeps its own pitch") {
    HostMemory memory(64);
    Screen screen;
    screen.init({ScreenMode::Kind::text, {video}, 132 * 2, 132, 80, 2});
    screen.write("a\nb");
    CHECK(char(memory.object<std::uint16_t>(video)) == 'a');
    CHECK(char(memory.object<std::uint16_t>(video + 132 * 2)) == 'b');
    // Columns and rows beyond the grid stay as they were.
    CHECK(memory.object<std::uint16_t>(video + 128 * 2) == 0xa5a5);
    CHECK(memory.object<std::uint16_t>(video + 64 * 132 * 2) == 0xa5a5);
}

TEST_CASE("without a screen nothing is written anywhere") {
    HostMemory memory(8);
    Screen screen;
    screen.init({ScreenMode::Kind::none, {video}, 160, 80, 5, 2});
    screen.write("abc");
    CHECK(memory.object<std::uint16_t>(video) == 0xa5a5);
}

TEST_CASE("a screen without room for a character shows nothing") {
    HostMemory memory(8);
    Screen screen;
    screen.init({ScreenMode::Kind::pixels, {video}, 64, 7, 16, 4});
    screen.write("abc");
    CHECK(memory.object<std::uint32_t>(video) == 0xa5a5'a5a5);
}

TEST_CASE_FIXTURE(PixelScreen, "a character is drawn in its cell of 8 by 16 pixels") {
    CHECK(lit(0, 0) == 0);
    screen->write(" A");
    CHECK(lit(0, 0) == 0);
    CHECK(lit(1, 0) > 10);
    CHECK(lit(2, 0) == 0);
    CHECK(lit(1, 1) == 0);
}

TEST_CASE_FIXTURE(PixelScreen, "a character that is overwritten is gone") {
    screen->write("A\r ");
    CHECK(lit(0, 0) == 0);
}

TEST_CASE_FIXTURE(PixelScreen, "drawn pixels are light grey, the others black") {
    screen->write("M");
    for (std::uint32_t y = 0; y < 16; ++y)
        for (std::uint32_t x = 0; x < 8; ++x)
            CHECK((pixel(x, y) == 0 || pixel(x, y) == 0xffd0'd0d0));
}

TEST_CASE_FIXTURE(PixelScreen, "pixels scroll with their characters") {
    screen->write("A");
    const unsigned of_a = lit(0, 0);
    screen->write("\n\nB");
    CHECK(lit(0, 0) == 0);
    CHECK(lit(0, 1) > 0);
    CHECK(lit(0, 1) != of_a);
}

TEST_CASE_FIXTURE(PixelScreen, "what lies beyond the last column and row is left alone") {
    for (int i = 0; i < 20; ++i)
        screen->write("abcdefgh\n");
    for (std::uint32_t y = 0; y < 40; ++y)
        for (std::uint32_t x = y < 32 ? 32 : 0; x < 40; ++x)
            CHECK(pixel(x, y) == 0xa5a5'a5a5);
}

TEST_CASE("pixels of three bytes do not touch their neighbours") {
    PixelScreen three(3);
    three.screen->write("MMMM");
    CHECK(three.pixel(32, 0) == 0xa5'a5a5);
    bool grey = false;
    for (std::uint32_t x = 0; x < 32; ++x)
        grey |= three.pixel(x, 8) == 0xd0'd0d0;
    CHECK(grey);
}
