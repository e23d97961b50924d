// include/lamina/sync/text_out.hpp - TextOut: text and numbers into a sink, without memory.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>

#include "lamina/sync/order_report.hpp"

namespace lamina::sync {

/// Writes into `sink`, a callable that takes pieces of text as std::string_view.
template <typename Sink>
class TextOut {
public:
    explicit TextOut(Sink& sink) : sink_(sink) {}

    TextOut& operator<<(std::string_view text) {
        sink_(text);
        return *this;
    }
    TextOut& operator<<(const char* text) { return *this << std::string_view(text); }
    TextOut& operator<<(std::uint64_t number) {
        char digits[20];
        char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
        return *this << std::string_view(digits, std::size_t(end - digits));
    }
    /// `file:line`, or a dash if the site is not known.
    TextOut& operator<<(const Site& site) {
        if (site.line() == 0) return *this << "-";
        return *this << site.file_name() << ":" << std::uint64_t{site.line()};
    }

    /// Text in double quotes, as JSON and DOT read it.
    TextOut& quoted(std::string_view text) {
        constexpr std::string_view hex = "0123456789abcdef";
        *this << "\"";
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\')
                *this << "\\" << std::string_view(&c, 1);
            else if (byte < ' ')
                *this << "\\u00" << hex.substr(byte / 16, 1) << hex.substr(byte % 16, 1);
            else
                *this << std::string_view(&c, 1);
        }
        return *this << "\"";
    }
    /// A site in double quotes.
    TextOut& quoted(const Site& site) {
        if (site.line() == 0) return *this << "\"\"";
        // No compiler has quotes in the names it gives to files that could be built.
        return *this << "\"" << site << "\"";
    }

private:
    Sink& sink_;
};

}  // namespace lamina::sync
