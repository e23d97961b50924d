// apps/shell/history.hpp - the lines entered before, newest first, in a fixed amount of memory.
#pragma once

#include <cstddef>
#include <string_view>

namespace shell {

/// Keeps as many of the last lines as fit its memory. Blank lines and repetitions of the newest
/// are not kept, nor are lines longer than half of the memory.
class History {
public:
    static constexpr std::size_t bytes_max = 8192;

    void add(std::string_view line);

    /// How many lines are kept.
    std::size_t size() const { return count_; }

    /// Line `age` < size(), 0 the newest. Valid until the next add(). Cost: linear.
    std::string_view line(std::size_t age) const;

    /// The number of the line of this age, counted from 1 over all lines ever added.
    std::size_t number(std::size_t age) const { return added_ - age; }

private:
    // Lines one after the other, oldest first, each followed by a newline.
    char text_[bytes_max] = {};
    std::size_t used_ = 0;
    std::size_t count_ = 0;
    std::size_t added_ = 0;
};

}  // namespace shell
