// exokernel/core/words.hpp - looks words up in the kernel command line.
#pragma once

#include <ranges>
#include <string_view>

namespace exo {

/// Whether `word` stands in `line`, whose words are separated by spaces.
constexpr bool has_word(std::string_view line, std::string_view word) {
    for (const auto each : line | std::views::split(' '))
        if (std::string_view(each) == word) return true;
    return false;
}

}  // namespace exo
