// apps/shell/command_line.cpp - splits a line into commands and their words. Pure logic.
#include "apps/shell/command_line.hpp"

#include "libos/text/text.hpp"

namespace shell {

bool Command::add_byte(char byte) {
    if (used_ == bytes_max) return false;
    bytes_[used_++] = byte;
    return true;
}

bool Command::end_word() {
    if (count_ == words_max) return false;
    words_[count_++] = {bytes_ + word_start_, used_ - word_start_};
    word_start_ = used_;
    return true;
}

void Command::clear() {
    count_ = 0;
    used_ = 0;
    word_start_ = 0;
    background_ = false;
}

CommandReader::Step CommandReader::fail(std::string_view mistake) {
    mistake_ = mistake;
    return Step::mistake;
}

CommandReader::Step CommandReader::add(Command& command, char byte) {
    return command.add_byte(byte) ? Step::more : fail("the command is too long");
}

bool CommandReader::take_variable(const Variables& variables, Command& command) {
    const bool status = rest_.starts_with("$?");
    if (!status && !rest_.starts_with("$!")) return false;
    const libos::Digits digits(status ? variables.status : variables.background_id, 10);
    bool fits = true;
    for (char digit : digits.view())
        fits = fits && command.add_byte(digit);
    rest_.remove_prefix(2);
    return fits;
}

// The text up to the closing quote; the opening one is taken already.
CommandReader::Step CommandReader::take_quoted(char quote, const Variables& variables,
                                               Command& command) {
    while (!rest_.empty()) {
        char byte = rest_.front();
        if (quote == '"' && take_variable(variables, command)) continue;
        rest_.remove_prefix(1);
        if (byte == quote) return Step::more;
        if (quote == '"' && byte == '\\' && !rest_.empty() &&
            std::string_view("\\\"$").find(rest_.front()) != std::string_view::npos) {
            byte = rest_.front();
            rest_.remove_prefix(1);
        }
        if (const auto step = add(command, byte); step != Step::more) return step;
    }
    return fail(quote == '"' ? "a \" is not closed" : "a ' is not closed");
}

// Takes one character, quoted text or separator.
CommandReader::Step CommandReader::take(const Variables& variables, Command& command,
                                        bool in_word) {
    if (take_variable(variables, command)) return Step::more;
    const char byte = rest_.front();
    rest_.remove_prefix(1);
    switch (byte) {
        case ' ':
        case '\t': return Step::word_ends;
        case ';': return Step::command_ends;
        case '&': command.background_ = true; return Step::command_ends;
        case '#':
            if (in_word) return add(command, byte);
            rest_ = {};
            return Step::command_ends;
        case '\'':
        case '"': return take_quoted(byte, variables, command);
        case '\\':
            if (rest_.empty()) return fail("nothing follows the \\");
            break;
        default: return add(command, byte);
    }
    const char literal = rest_.front();
    rest_.remove_prefix(1);
    return add(command, literal);
}

CommandReader::Outcome CommandReader::next(const Variables& variables, Command& command) {
    command.clear();
    bool in_word = false;
    for (;;) {
        const auto step = rest_.empty() ? Step::command_ends : take(variables, command, in_word);
        if (step == Step::mistake) return Outcome::mistake;
        if (step == Step::more) {
            in_word = true;
            continue;
        }
        if (in_word && !command.end_word()) {
            mistake_ = "too many words";
            return Outcome::mistake;
        }
        in_word = false;
        if (step == Step::word_ends) continue;
        if (command.count_ != 0) return Outcome::command;
        if (command.background_) {
            mistake_ = "nothing stands before the &";
            return Outcome::mistake;
        }
        if (rest_.empty()) return Outcome::end;
    }
}

}  // namespace shell
