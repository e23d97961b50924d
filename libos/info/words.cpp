// libos/info/words.cpp - words of the command line.
#include "libos/info/info.hpp"

namespace libos {

bool has_word(std::string_view command_line, std::string_view word) {
    while (!command_line.empty()) {
        const auto here = command_line.substr(0, command_line.find(' '));
        if (here == word) return true;
        command_line.remove_prefix(here.size() == command_line.size() ? here.size()
                                                                      : here.size() + 1);
    }
    return false;
}

}  // namespace libos
