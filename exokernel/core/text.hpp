// exokernel/core/text.hpp - TextLine: one line of text put together in a fixed buffer.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace exo {

/// A number to be written in hexadecimal with 0x before it.
struct Hex {
    std::uint64_t value;
};

/// Collects text and numbers; what does not fit is cut off. Never allocates.
class TextLine {
public:
    static constexpr std::size_t capacity = 240;

    TextLine& add(std::string_view text) {
        for (char c : text)
            if (length_ < capacity) buffer_[length_++] = c;
        return *this;
    }
    TextLine& add(std::unsigned_integral auto number) { return add_number(number, 10); }
    TextLine& add(Hex hex) { return add("0x").add_number(hex.value, 16); }

    std::string_view view() const { return {buffer_, length_}; }

private:
    TextLine& add_number(std::uint64_t number, int base) {
        char digits[20];
        const char* const end = std::to_chars(digits, digits + sizeof digits, number, base).ptr;
        return add(std::string_view(digits, end));
    }

    char buffer_[capacity];
    std::size_t length_ = 0;
};

}  // namespace exo
