// apps/shell/line_editor.cpp - edits one line on a terminal, byte by byte. Pure logic.
#include "apps/shell/line_editor.hpp"

#include <cstring>

namespace shell {

namespace {

constexpr char ctrl(char letter) { return char(letter & 0x1f); }
constexpr char escape_byte = '\x1b';
constexpr char delete_byte = '\x7f';

// Later bytes of a UTF-8 character: 10xxxxxx.
bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (char byte : text)
        columns += continues(byte) ? 0 : 1;
    return columns;
}

}  // namespace

void LineEditor::begin() {
    used_ = 0;
    cursor_ = 0;
    age_ = 0;
    escape_ = Escape::none;
    screen_.write(prompt_);
}

LineEditor::Event LineEditor::feed(char byte) {
    const bool after_return = after_return_;
    after_return_ = byte == '\r';
    if (after_return && byte == '\n') return Event::none;
    if (escape_ != Escape::none) {
        escape(byte);
        return Event::none;
    }
    if (static_cast<unsigned char>(byte) < ' ' || byte == delete_byte) return control(byte);
    insert(byte);
    return Event::none;
}

LineEditor::Event LineEditor::control(char byte) {
    switch (byte) {
        case '\r':
        case '\n': return finish(Event::line, "\n");
        case ctrl('C'): used_ = 0; return finish(Event::interrupt, "^C\n");
        case ctrl('D'):
            if (used_ == 0) return finish(Event::end_of_file, "\n");
            erase(cursor_, after(cursor_));
            break;
        case escape_byte:
            escape_ = Escape::started;
            parameter_ = 0;
            break;
        case ctrl('H'):
        case delete_byte: erase(before(cursor_), cursor_); break;
        case ctrl('A'): move_to(0); break;
        case ctrl('E'): move_to(used_); break;
        case ctrl('B'): move_to(before(cursor_)); break;
        case ctrl('F'): move_to(after(cursor_)); break;
        case ctrl('K'): erase(cursor_, used_); break;
        case ctrl('U'): erase(0, cursor_); break;
        case ctrl('W'): erase(word_start(), cursor_); break;
        case ctrl('P'): recall(age_ + 1); break;
        case ctrl('N'):
            if (age_ != 0) recall(age_ - 1);
            break;
        case ctrl('L'):
            screen_.write("\x1b[H\x1b[2J");
            show();
            break;
        default: break;
    }
    return Event::none;
}

// Sequences of terminals (ECMA-48 and VT220): ESC [ letter, ESC O letter, ESC [ number ~.
void LineEditor::escape(char byte) {
    if (escape_ == Escape::started) {
        escape_ = byte == '[' ? Escape::bracket : byte == 'O' ? Escape::letter_o : Escape::none;
        return;
    }
    if (escape_ == Escape::bracket && byte >= '0' && byte <= '9') {
        parameter_ = (parameter_ * 10 + unsigned(byte - '0')) % 1000;
        return;
    }
    // Between parameters and the last byte there may be bytes like ';'.
    if (escape_ == Escape::bracket && byte >= ' ' && byte < '@') return;
    escape_ = Escape::none;
    sequence(byte);
}

void LineEditor::sequence(char last) {
    if (last == '~') {
        constexpr unsigned home = 1;
        constexpr unsigned remove = 3;
        constexpr unsigned end = 4;
        constexpr unsigned home_rxvt = 7;
        constexpr unsigned end_rxvt = 8;
        if (parameter_ == home || parameter_ == home_rxvt)
            move_to(0);
        else if (parameter_ == end || parameter_ == end_rxvt)
            move_to(used_);
        else if (parameter_ == remove)
            erase(cursor_, after(cursor_));
        return;
    }
    switch (last) {
        case 'A': recall(age_ + 1); break;
        case 'B':
            if (age_ != 0) recall(age_ - 1);
            break;
        case 'C': move_to(after(cursor_)); break;
        case 'D': move_to(before(cursor_)); break;
        case 'H': move_to(0); break;
        case 'F': move_to(used_); break;
        default: break;
    }
}

void LineEditor::insert(char byte) {
    if (used_ == line_bytes_max) {
        screen_.write("\a");
        return;
    }
    std::memmove(text_ + cursor_ + 1, text_ + cursor_, used_ - cursor_);
    text_[cursor_++] = byte;
    ++used_;
    if (cursor_ == used_ && columns_of(prompt_) + columns_of(line()) < columns)
        screen_.write({&byte, 1});
    else
        show();
}

void LineEditor::erase(std::size_t from, std::size_t to) {
    if (from == to) return;
    std::memmove(text_ + from, text_ + to, used_ - to);
    used_ -= to - from;
    cursor_ = from;
    show();
}

void LineEditor::move_to(std::size_t position) {
    if (cursor_ == position) return;
    cursor_ = position;
    show();
}

void LineEditor::recall(std::size_t age) {
    if (age > history_.size()) {
        screen_.write("\a");
        return;
    }
    if (age_ == 0) {
        std::memcpy(draft_, text_, used_);
        draft_used_ = used_;
    }
    age_ = age;
    set_line(age == 0 ? std::string_view(draft_, draft_used_) : history_.line(age - 1));
}

void LineEditor::set_line(std::string_view text) {
    text = text.substr(0, line_bytes_max);
    std::memcpy(text_, text.data(), text.size());
    used_ = text.size();
    cursor_ = used_;
    show();
}

// Draws the line anew: as much of it around the cursor as the terminal is wide, then the cursor.
void LineEditor::show() {
    const auto room = columns - 1 - columns_of(prompt_);
    std::size_t first = 0;
    while (columns_of(line().substr(first, cursor_ - first)) > room)
        first = after(first);
    std::size_t last = cursor_;
    while (last < used_ && columns_of(line().substr(first, after(last) - first)) <= room)
        last = after(last);
    libos::put(screen_, "\r", prompt_, line().substr(first, last - first), "\x1b[K");
    const auto behind = columns_of(line().substr(cursor_, last - cursor_));
    if (behind != 0) libos::put(screen_, "\x1b[", behind, "D");
}

LineEditor::Event LineEditor::finish(Event event, std::string_view echo) {
    screen_.write(echo);
    return event;
}

std::size_t LineEditor::before(std::size_t position) const {
    if (position == 0) return 0;
    do {
        --position;
    } while (position != 0 && continues(text_[position]));
    return position;
}

std::size_t LineEditor::after(std::size_t position) const {
    if (position >= used_) return used_;
    do {
        ++position;
    } while (position < used_ && continues(text_[position]));
    return position;
}

std::size_t LineEditor::word_start() const {
    auto position = cursor_;
    while (position != 0 && text_[position - 1] == ' ')
        --position;
    while (position != 0 && text_[position - 1] != ' ')
        --position;
    return position;
}

}  // namespace shell
