// libos/text/text.cpp - text into sinks: strings and numbers, without allocation.
#include "libos/text/text.hpp"

namespace libos {

Digits::Digits(std::uint64_t value, unsigned base, unsigned digits_min) {
    do {
        text_[--first_] = "0123456789abcdef"[value % base];
        value /= base;
    } while (first_ != 0 && (value != 0 || sizeof text_ - first_ < digits_min));
}

void put_part(TextSink& sink, std::string_view text) { sink.write(text); }

void put_part(TextSink& sink, char letter) { sink.write({&letter, 1}); }

void put_part(TextSink& sink, Hex number) {
    sink.write("0x");
    sink.write(Digits(number.value, 16, number.digits).view());
}

namespace {

void put_spaces(TextSink& sink, std::size_t used, std::size_t width) {
    for (; used < width; ++used)
        sink.write(" ");
}

}  // namespace

void put_part(TextSink& sink, Padded<std::uint64_t> number) {
    const Digits digits(number.value, 10);
    put_spaces(sink, digits.view().size(), number.width);
    sink.write(digits.view());
}

void put_part(TextSink& sink, Padded<std::string_view> text) {
    sink.write(text.value);
    put_spaces(sink, text.value.size(), text.width);
}

void put_unsigned(TextSink& sink, std::uint64_t value) { sink.write(Digits(value, 10).view()); }

void put_signed(TextSink& sink, std::int64_t value) {
    if (value < 0) sink.write("-");
    put_unsigned(sink, value < 0 ? 0 - std::uint64_t(value) : std::uint64_t(value));
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    unsigned base = 10;
    if (text.starts_with("0x")) {
        base = 16;
        text.remove_prefix(2);
    }
    if (text.empty()) return {};
    std::uint64_t value = 0;
    for (char letter : text) {
        unsigned digit = base;
        if (letter >= '0' && letter <= '9')
            digit = unsigned(letter - '0');
        else if (letter >= 'a' && letter <= 'f')
            digit = unsigned(letter - 'a') + 10;
        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return {};
    }
    return value;
}

}  // namespace libos
