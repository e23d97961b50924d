// exokernel/driver/screen/screen.cpp - drawing characters and following the cursor.
#include "exokernel/driver/screen/screen.hpp"

#include <algorithm>
#include <cstring>

#include "arch/machine.hpp"

namespace exo {
namespace {

constexpr std::uint8_t glyphs[] = {
#include "toolchain/image/font.inc"
};
constexpr char first_glyph = ' ';
constexpr char last_glyph = '~';
static_assert(sizeof glyphs == (last_glyph - first_glyph + 1) * Screen::glyph_height);

}  // namespace

void Screen::init(const ScreenMode& mode) {
    mode_ = mode;
    const bool pixels = mode.kind == ScreenMode::Kind::pixels;
    columns_ = std::min(columns_max, mode.width / (pixels ? glyph_width : 1));
    rows_ = std::min(rows_max, mode.height / (pixels ? glyph_height : 1));
    if (columns_ == 0 || rows_ == 0) mode_.kind = ScreenMode::Kind::none;
    if (mode_.kind == ScreenMode::Kind::none) rows_ = 0;
    std::memset(shown_, 0, sizeof shown_);
    clear();
    show();
}

void Screen::write(std::string_view text) {
    if (mode_.kind == ScreenMode::Kind::none) return;
    for (char c : text)
        put(c);
    show();
}

/// Brings video memory up to date with the cells.
void Screen::show() {
    for (std::uint32_t row = 0; row < rows_; ++row) {
        if (std::memcmp(cells_[row], shown_[row], columns_) == 0) continue;
        for (std::uint32_t column = 0; column < columns_; ++column) {
            const char c = cells_[row][column];
            if (shown_[row][column] != c) draw(row, column, c);
        }
        std::memcpy(shown_[row], cells_[row], columns_);
    }
}

void Screen::draw_glyph(std::uint32_t row, std::uint32_t column, char c) const {
    auto* line = static_cast<std::byte*>(arch::direct_map(mode_.memory)) +
                 row * glyph_height * mode_.pitch + column * glyph_width * mode_.bytes_per_pixel;
    const std::uint8_t* glyph = &glyphs[(c - first_glyph) * glyph_height];
    for (std::uint32_t y = 0; y < glyph_height; ++y, line += mode_.pitch) {
        for (std::uint32_t x = 0; x < glyph_width; ++x) {
            const std::uint32_t colour = (glyph[y] & (0x80U >> x)) != 0 ? 0xffd0'd0d0 : 0;
            volatile auto* pixel =
                reinterpret_cast<volatile std::uint8_t*>(line + x * mode_.bytes_per_pixel);
            for (std::uint32_t byte = 0; byte < mode_.bytes_per_pixel; ++byte)
                pixel[byte] = std::uint8_t(colour >> (8 * byte));
        }
    }
}

void Screen::draw(std::uint32_t row, std::uint32_t column, char c) const {
    if (mode_.kind == ScreenMode::Kind::pixels) {
        draw_glyph(row, column, c);
        return;
    }
    constexpr std::uint16_t grey_on_black = 0x0700;
    auto* cells = static_cast<volatile std::uint16_t*>(arch::direct_map(mode_.memory));
    const std::uint32_t line_cells = mode_.pitch / sizeof *cells;
    cells[row * line_cells + column] = std::uint16_t(grey_on_black | std::uint8_t(c));
}

void Screen::clear() {
    std::memset(cells_, ' ', sizeof cells_);
    row_ = column_ = 0;
}

void Screen::line_feed() {
    if (row_ + 1 < rows_) {
        ++row_;
        return;
    }
    std::memmove(cells_[0], cells_[1], (rows_ - 1) * columns_max);
    std::memset(cells_[row_], ' ', columns_max);
}

void Screen::put(char c) {
    if (parse_ != Parse::text) return escape(c);
    if (c < first_glyph || c > last_glyph) return control(c);
    if (column_ == columns_) {
        column_ = 0;
        line_feed();
    }
    cells_[row_][column_++] = c;
}

void Screen::control(char c) {
    switch (c) {
        case '\n':  // programs write no carriage return before it
            column_ = 0;
            line_feed();
            break;
        case '\r': column_ = 0; break;
        case '\b': column_ -= column_ != 0 ? 1 : 0; break;
        case '\x1b': parse_ = Parse::escape; break;
        default: break;
    }
}

void Screen::escape(char c) {
    if (parse_ == Parse::escape) {
        parameter_ = 0;
        parse_ = c == '[' ? Parse::sequence : c == ']' ? Parse::title : Parse::text;
        return;
    }
    if (parse_ == Parse::title) {
        if (c == '\a') parse_ = Parse::text;
        if (c == '\x1b') parse_ = Parse::escape;  // of the backslash that ends a title too
        return;
    }
    if (c >= '0' && c <= '9') {
        parameter_ = std::min(parameter_ * 10 + std::uint32_t(c - '0'), columns_max);
        return;
    }
    if (c == ';' || c == '?') return;
    parse_ = Parse::text;
    const std::uint32_t distance = std::max(parameter_, 1U);
    switch (c) {
        case 'K': std::memset(&cells_[row_][column_], ' ', columns_ - column_); break;
        case 'C': column_ = std::min(column_ + distance, columns_); break;
        case 'D': column_ -= std::min(column_, distance); break;
        case 'J': clear(); break;
        case 'H': row_ = column_ = 0; break;
        default: break;
    }
}

}  // namespace exo
