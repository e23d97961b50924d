// libos/text/text.hpp - text into sinks: strings and numbers, without allocation.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace libos {

/// Where text goes: the console, a buffer.
class TextSink {
public:
    virtual void write(std::string_view text) = 0;

protected:
    ~TextSink() = default;
};

/// A number in hexadecimal with 0x before it, at least `digits` digits.
struct Hex {
    std::uint64_t value;
    unsigned digits = 1;
};

/// A number or text padded with spaces to a width: numbers on the left, text on the right.
template <typename T>
struct Padded {
    T value;
    std::size_t width;
};
template <typename T>
Padded(T, int) -> Padded<T>;

/// The digits of a number, most significant first.
class Digits {
public:
    Digits(std::uint64_t value, unsigned base, unsigned digits_min = 1);
    std::string_view view() const { return {text_ + first_, sizeof text_ - first_}; }

private:
    char text_[64];
    std::size_t first_ = sizeof text_;
};

void put_part(TextSink& sink, std::string_view text);
void put_part(TextSink& sink, char letter);
void put_part(TextSink& sink, Hex number);
void put_part(TextSink& sink, Padded<std::uint64_t> number);
void put_part(TextSink& sink, Padded<std::string_view> text);
void put_unsigned(TextSink& sink, std::uint64_t value);
void put_signed(TextSink& sink, std::int64_t value);

template <std::integral T>
void put_part(TextSink& sink, T value) {
    static_assert(!std::same_as<T, bool>, "say what true means");
    if constexpr (std::signed_integral<T>) {
        put_signed(sink, value);
    } else {
        put_unsigned(sink, value);
    }
}

/// Writes the parts one after the other: `put(sink, "env ", id, " at ", Hex{rip}, '\n');`.
template <typename... Parts>
void put(TextSink& sink, const Parts&... parts) {
    (put_part(sink, parts), ...);
}

/// A sink that keeps up to `capacity` bytes; what does not fit is dropped and told.
template <std::size_t capacity>
class TextBuffer final : public TextSink {
public:
    void write(std::string_view text) override {
        for (char letter : text) {
            if (used_ == capacity) {
                truncated_ = true;
                return;
            }
            text_[used_++] = letter;
        }
    }
    std::string_view view() const { return {text_, used_}; }
    bool truncated() const { return truncated_; }
    void clear() {
        used_ = 0;
        truncated_ = false;
    }

private:
    char text_[capacity];
    std::size_t used_ = 0;
    bool truncated_ = false;
};

/// The value of decimal digits (hexadecimal ones after 0x); nothing for anything else and for what
/// does not fit.
std::optional<std::uint64_t> parse_number(std::string_view text);

}  // namespace libos
