// tests/unit/apps/shell/line_editor_test.cpp - keys, what becomes of the line, what is on screen.
#include <string>

#include "apps/shell/history.hpp"
#include "apps/shell/line_editor.hpp"
#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"

using shell::History;
using shell::LineEditor;
using Event = LineEditor::Event;

namespace {

// A terminal of one line that knows what the editor uses of ECMA-48.
class Screen final : public libos::TextSink {
public:
    void write(std::string_view text) override {
        for (const char byte : text)
            take(byte);
    }
    std::string shown() const {
        return std::string(row_.substr(0, row_.find_last_not_of(' ') + 1));
    }
    std::size_t column() const { return column_; }
    int bells() const { return bells_; }
    int clears() const { return clears_; }
    bool wrapped() const { return wrapped_; }

private:
    void take(char byte) {
        if (!sequence_.empty()) {
            sequence_ += byte;
            if (sequence_.size() > 2 && byte >= '@') end_sequence();
        } else if (byte == '\x1b') {
            sequence_ = byte;
        } else if (byte == '\r') {
            column_ = 0;
        } else if (byte == '\n') {
            column_ = 0;
            row_.clear();
        } else if (byte == '\a') {
            ++bells_;
        } else {
            row_.resize(std::max(row_.size(), column_ + 1), ' ');
            row_[column_++] = byte;
            wrapped_ = wrapped_ || column_ >= LineEditor::columns;
        }
    }
    void end_sequence() {
        const auto number =
            sequence_.size() > 3 ? std::stoul(sequence_.substr(2, sequence_.size() - 3)) : 1;
        if (sequence_.back() == 'K') {
            row_.resize(std::min(row_.size(), column_));
        } else if (sequence_.back() == 'D') {
            column_ -= std::min<std::size_t>(number, column_);
        } else if (sequence_.back() == 'J') {
            ++clears_;
            row_.clear();
            column_ = 0;
        }
        sequence_.clear();
    }

    std::string row_;
    std::string sequence_;
    std::size_t column_ = 0;
    int bells_ = 0;
    int clears_ = 0;
    bool wrapped_ = false;
};

struct Session {
    Session() { editor.begin(); }

    Event type(std::string_view keys) {
        auto event = Event::none;
        for (const char key : keys)
            event = editor.feed(key);
        return event;
    }
    std::string line() const { return std::string(editor.line()); }

    Screen screen;
    History history;
    LineEditor editor{screen, history, "> "};
};

const std::string left = "\x1b[D";
const std::string right = "\x1b[C";
const std::string up = "\x1b[A";
const std::string down = "\x1b[B";

}  // namespace

TEST_CASE("typed text is the line and is shown") {
    Session session;
    CHECK(session.type("help") == Event::none);
    CHECK(session.screen.shown() == "> help");
    CHECK(session.screen.column() == 6);
    CHECK(session.type("\r") == Event::line);
    CHECK(session.line() == "help");
}

TEST_CASE("return, line feed, and both together end one line") {
    Session session;
    CHECK(session.type("a\r") == Event::line);
    session.editor.begin();
    CHECK(session.type("\n") == Event::none);
    CHECK(session.type("b\n") == Event::line);
    CHECK(session.line() == "b");
    session.editor.begin();
    CHECK(session.type("\n") == Event::line);
    CHECK(session.line() == "");
}

TEST_CASE("moving and inserting in the middle") {
    Session session;
    session.type("hlp" + left + left + "e");
    CHECK(session.line() == "help");
    CHECK(session.screen.shown() == "> help");
    CHECK(session.screen.column() == 4);
    session.type(right + right + right + right + "!");
    CHECK(session.line() == "help!");
    session.type("\x02\x02\x06?");
    CHECK(session.line() == "help?!");
}

TEST_CASE("the ends of the line, by every key that means them") {
    for (const std::string home : {"\x01", "\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"}) {
        for (const std::string end : {"\x05", "\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"}) {
            Session session;
            session.type("bc" + home + "a" + end + "d");
            CHECK(session.line() == "abcd");
        }
    }
}

TEST_CASE("deleting before and at the cursor") {
    Session session;
    session.type("abcd\x7f\x08");
    CHECK(session.line() == "ab");
    session.type(left + "\x1b[3~");
    CHECK(session.line() == "a");
    session.type("\x01\x04");
    CHECK(session.line() == "");
    CHECK(session.type("\x7f") == Event::none);
    CHECK(session.screen.shown() == ">");
}

TEST_CASE("deleting to the ends and words") {
    Session session;
    session.type("one two  three\x17");
    CHECK(session.line() == "one two  ");
    session.type("\x17");
    CHECK(session.line() == "one ");
    session.type("two" + left + left + "\x0b");
    CHECK(session.line() == "one t");
    session.type(left + "\x15");
    CHECK(session.line() == "t");
    CHECK(session.screen.column() == 2);
}

TEST_CASE("Ctrl-C drops the line, Ctrl-D ends the input only when it is empty") {
    Session session;
    CHECK(session.type("abc\x03") == Event::interrupt);
    CHECK(session.line() == "");
    session.editor.begin();
    CHECK(session.type("a\x04") == Event::none);
    CHECK(session.type("\x7f\x04") == Event::end_of_file);
}

TEST_CASE("Ctrl-L clears the screen and shows the line again") {
    Session session;
    session.type("abc" + left + "\x0c");
    CHECK(session.screen.clears() == 1);
    CHECK(session.screen.shown() == "> abc");
    CHECK(session.screen.column() == 4);
}

TEST_CASE("history: up, down, and back to what was being typed") {
    Session session;
    session.history.add("first");
    session.history.add("second");
    session.type("draft" + up);
    CHECK(session.line() == "second");
    session.type(up);
    CHECK(session.line() == "first");
    session.type(up);
    CHECK(session.line() == "first");
    CHECK(session.screen.bells() == 1);
    session.type(down + down);
    CHECK(session.line() == "draft");
    session.type(down);
    CHECK(session.line() == "draft");
    session.type("\x10\x10\x0e");
    CHECK(session.line() == "second");
    CHECK(session.type("\r") == Event::line);
}

TEST_CASE("an edited history line leaves the history as it was") {
    Session session;
    session.history.add("first");
    session.type(up + "!\r");
    CHECK(session.line() == "first!");
    CHECK(session.history.line(0) == "first");
}

TEST_CASE("unknown sequences and control bytes do nothing") {
    Session session;
    session.type(std::string("a\x1b[5~\x1b[1;5C\x1bOP\x1bx\x0f\x1b[Z") + std::string(1, '\0') +
                 "b");
    CHECK(session.line() == "ab");
}

TEST_CASE("a character of several bytes moves and goes as one") {
    Session session;
    session.type("a\xc3\xa4z" + left + left);
    session.type("\x1b[3~");
    CHECK(session.line() == "az");
    session.type("\xe2\x82\xac\x7f");
    CHECK(session.line() == "az");
}

TEST_CASE("a line longer than the terminal is shown in part, with the cursor in it") {
    Session session;
    std::string text;
    for (int i = 0; i < 300; ++i)
        text += char('a' + i % 26);
    session.type(text);
    CHECK(session.line() == text);
    CHECK(!session.screen.wrapped());
    CHECK(session.screen.column() < LineEditor::columns);
    CHECK(session.screen.shown().back() == text.back());
    session.type("\x01");
    CHECK(session.screen.shown().substr(0, 10) == "> " + text.substr(0, 8));
    CHECK(session.screen.column() == 2);
    CHECK(!session.screen.wrapped());
}

TEST_CASE("a line that is full takes no more and rings") {
    Session session;
    session.type(std::string(LineEditor::line_bytes_max, 'x'));
    CHECK(session.screen.bells() == 0);
    session.type("y");
    CHECK(session.screen.bells() == 1);
    CHECK(session.line() == std::string(LineEditor::line_bytes_max, 'x'));
}

TEST_CASE("200000 random bytes keep the line in bounds and the cursor on screen") {
    Session session;
    mutation::Random random(3);
    constexpr char keys[] =
        "ab \x01\x02\x04\x05\x06\x08\x0b\x10\x0e\x15\x17\x1b[ABCDHF~13O;\xc3\xa4";
    for (int i = 0; i < 200000; ++i) {
        const auto key =
            random.below(50) == 0 ? char(random.below(256)) : keys[random.below(sizeof keys - 1)];
        const auto event = session.editor.feed(key);
        REQUIRE(session.editor.line().size() <= LineEditor::line_bytes_max);
        if (event == Event::none) continue;
        session.history.add(session.editor.line());
        session.editor.begin();
    }
}
