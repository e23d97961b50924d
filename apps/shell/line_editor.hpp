// apps/shell/line_editor.hpp - edits one line on a terminal, byte by byte. Pure logic.
#pragma once

#include <cstddef>
#include <string_view>

#include "apps/shell/history.hpp"
#include "libos/text/text.hpp"

namespace shell {

/// Keys: printable bytes insert (UTF-8 included); left, right, Ctrl-B, Ctrl-F move; Home, End,
/// Ctrl-A, Ctrl-E go to the ends; Backspace, Delete, Ctrl-D delete; Ctrl-U, Ctrl-K delete to the
/// start and to the end; Ctrl-W deletes a word; up, down, Ctrl-P, Ctrl-N walk the history; Ctrl-L
/// clears the screen. A line longer than the terminal is shown as a window around the cursor.
class LineEditor {
public:
    static constexpr std::size_t line_bytes_max = 1024;
    static constexpr std::size_t columns = 80;

    enum class Event {
        none,         ///< More bytes are needed.
        line,         ///< line() is complete.
        interrupt,    ///< Ctrl-C; the line was dropped.
        end_of_file,  ///< Ctrl-D on an empty line.
    };

    LineEditor(libos::TextSink& screen, const History& history, std::string_view prompt)
        : screen_(screen), history_(history), prompt_(prompt) {}

    /// Starts an empty line and shows the prompt.
    void begin();

    /// Takes one byte from the terminal.
    Event feed(char byte);

    std::string_view line() const { return {text_, used_}; }

private:
    enum class Escape { none, started, bracket, letter_o };

    Event control(char byte);
    void escape(char byte);
    void sequence(char last);
    void insert(char byte);
    void erase(std::size_t from, std::size_t to);
    void move_to(std::size_t position);
    void recall(std::size_t age);
    void set_line(std::string_view text);
    void show();
    Event finish(Event event, std::string_view echo);

    std::size_t before(std::size_t position) const;
    std::size_t after(std::size_t position) const;
    std::size_t word_start() const;

    libos::TextSink& screen_;
    const History& history_;
    std::string_view prompt_;
    char text_[line_bytes_max] = {};
    std::size_t used_ = 0;
    std::size_t cursor_ = 0;
    char draft_[line_bytes_max] = {};  // what was typed before the history was walked
    std::size_t draft_used_ = 0;
    std::size_t age_ = 0;  // 0: the draft, else history line age_ - 1
    Escape escape_ = Escape::none;
    unsigned parameter_ = 0;
    bool after_return_ = false;  // a line feed that follows belongs to the carriage return
};

}  // namespace shell
