// apps/shell/suggest.hpp - the known word closest to a mistyped one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace shell {

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
/// (optimal string alignment). Words longer than 31 bytes count as far from everything.
inline std::size_t word_distance(std::string_view a, std::string_view b) {
    constexpr std::size_t length_max = 31;
    if (a.size() > length_max || b.size() > length_max) return length_max;
    std::size_t rows[3][length_max + 1] = {};
    for (std::size_t j = 0; j <= b.size(); ++j)
        rows[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto& row = rows[i % 3];
        const auto& above = rows[(i - 1) % 3];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min(
                {above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows[a.size() % 3][b.size()];
}

/// Remembers the closest of the words it is shown, if it is close: at most two changes, and fewer
/// than the word has letters.
class Suggestion {
public:
    explicit Suggestion(std::string_view wrong) : wrong_(wrong) {}

    void consider(std::string_view candidate) {
        const auto distance = word_distance(wrong_, candidate);
        if (distance < best_distance_ && distance < wrong_.size()) {
            best_distance_ = distance;
            best_ = candidate;
        }
    }

    /// Empty if none is close.
    std::string_view best() const { return best_; }

private:
    std::string_view wrong_;
    std::string_view best_;
    std::size_t best_distance_ = 3;
};

}  // namespace shell
