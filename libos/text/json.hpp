// libos/text/json.hpp - strings as JSON writes them.
#pragma once

#include <string_view>

#include "libos/text/text.hpp"

namespace libos {

/// Text as a JSON string with its quotes (RFC 8259, section 7). The text must be UTF-8.
struct JsonString {
    std::string_view text;
};

inline void put_part(TextSink& sink, JsonString string) {
    sink.write("\"");
    for (char letter : string.text) {
        if (letter == '"' || letter == '\\')
            put(sink, '\\', letter);
        else if (static_cast<unsigned char>(letter) < ' ')
            put(sink, "\\u", Digits(static_cast<unsigned char>(letter), 16, 4).view());
        else
            put(sink, letter);
    }
    sink.write("\"");
}

}  // namespace libos
