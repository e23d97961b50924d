// exokernel/driver/screen/screen.hpp - Screen: a grid of characters on text or pixel hardware.
#pragma once

#include <cstdint>
#include <string_view>

#include "exokernel/core/types.hpp"

namespace exo {

/// What the boot loader left on the screen.
struct ScreenMode {
    enum class Kind { none, text, pixels } kind = Kind::none;
    PhysAddr memory = {};
    std::uint32_t pitch = 0;  ///< Bytes from one row of pixels or characters to the next.
    std::uint32_t width = 0;  ///< Pixels or characters.
    std::uint32_t height = 0;
    std::uint32_t bytes_per_pixel = 0;
};

/// Shows the console's output. Understands line feed, carriage return, backspace, and of the ANSI
/// escape sequences: erase to the end of the line (CSI K), cursor left and right (CSI D, C), clear
/// (CSI 2 J), home (CSI H); the others are swallowed. Video memory is only written, never read;
/// a write() draws each cell at most once, however often its text scrolls.
class Screen {
public:
    static constexpr std::uint32_t columns_max = 128;
    static constexpr std::uint32_t rows_max = 64;
    static constexpr std::uint32_t glyph_width = 8;
    static constexpr std::uint32_t glyph_height = 16;

    void init(const ScreenMode& mode);
    void write(std::string_view text);

private:
    void put(char c);
    void control(char c);
    void escape(char c);
    void line_feed();
    void clear();
    void show();
    void draw(std::uint32_t row, std::uint32_t column, char c) const;
    void draw_glyph(std::uint32_t row, std::uint32_t column, char c) const;

    enum class Parse : std::uint8_t { text, escape, sequence, title };

    ScreenMode mode_;
    std::uint32_t columns_ = 0;
    std::uint32_t rows_ = 0;
    std::uint32_t row_ = 0;
    std::uint32_t column_ = 0;
    Parse parse_ = Parse::text;
    std::uint32_t parameter_ = 0;
    char cells_[rows_max][columns_max] = {};  ///< What is to be shown.
    char shown_[rows_max][columns_max] = {};  ///< What is.
};

}  // namespace exo
