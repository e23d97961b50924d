// apps/shell/command_line.hpp - splits a line into commands and their words. Pure logic.
//
// Commands are separated by `;` or by `&`, which also runs the one before it in the background.
// Words are separated by blanks. '...' takes everything as it is; "..." and words outside quotes
// know \ before a special character, $? (the last status) and $! (the id of the last environment
// started in the background). `#` at the start of a word begins a comment.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace shell {

/// What `$?` and `$!` stand for.
struct Variables {
    std::uint32_t status = 0;
    std::uint64_t background_id = 0;
};

/// One command, in memory of its own.
class Command {
public:
    static constexpr std::size_t words_max = 48;
    static constexpr std::size_t bytes_max = 4096;

    std::span<const std::string_view> words() const { return {words_.data(), count_}; }
    bool background() const { return background_; }

private:
    friend class CommandReader;

    bool add_byte(char byte);
    bool end_word();
    void clear();

    std::array<std::string_view, words_max> words_ = {};
    char bytes_[bytes_max] = {};
    std::size_t count_ = 0;
    std::size_t used_ = 0;
    std::size_t word_start_ = 0;
    bool background_ = false;
};

/// Walks the commands of a line. The line must outlive it.
class CommandReader {
public:
    enum class Outcome { command, end, mistake };

    explicit CommandReader(std::string_view line) : rest_(line) {}

    /// Reads the next command; empty ones are skipped.
    Outcome next(const Variables& variables, Command& command);

    /// What was wrong, after Outcome::mistake.
    std::string_view mistake() const { return mistake_; }

private:
    enum class Step { more, word_ends, command_ends, mistake };

    Step take(const Variables& variables, Command& command, bool in_word);
    Step take_quoted(char quote, const Variables& variables, Command& command);
    bool take_variable(const Variables& variables, Command& command);
    Step fail(std::string_view mistake);
    Step add(Command& command, char byte);

    std::string_view rest_;
    std::string_view mistake_;
};

}  // namespace shell
