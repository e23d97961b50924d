// exokernel/core/words.hpp - looks words up in the kernel command line.
#pragma once

#include <string_view>

namespace exo {

/// Whether `word` stands in `line`, whose words are separated by spaces.
constexpr bool has_word(std::string_view line, std::string_view word) {
    while (!line.empty()) {
        const auto end = line.find(' ');
        if (line.substr(0, end) == word) return true;
        if (end == std::string_view::npos) break;
        line.remove_prefix(end + 1);
    }
    return false;
}

}  // namespace exo
