// apps/shell/history.cpp - the lines entered before, newest first, in a fixed amount of memory.
#include "apps/shell/history.hpp"

#include <cstring>

namespace shell {

void History::add(std::string_view line) {
    if (line.find_first_not_of(" \t") == line.npos || line.size() >= bytes_max / 2 ||
        line.find('\n') != line.npos || (count_ != 0 && line == this->line(0)))
        return;
    while (used_ + line.size() + 1 > bytes_max) {
        const auto oldest = std::string_view(text_, used_).find('\n') + 1;
        used_ -= oldest;
        std::memmove(text_, text_ + oldest, used_);
        --count_;
    }
    std::memcpy(text_ + used_, line.data(), line.size());
    used_ += line.size();
    text_[used_++] = '\n';
    ++count_;
    ++added_;
}

std::string_view History::line(std::size_t age) const {
    std::string_view rest(text_, used_);
    for (;; --age) {
        rest.remove_suffix(1);
        const auto before = rest.rfind('\n');
        const auto start = before == rest.npos ? 0 : before + 1;
        if (age == 0) return rest.substr(start);
        rest = rest.substr(0, start);
    }
}

}  // namespace shell
