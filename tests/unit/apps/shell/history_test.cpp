// tests/unit/apps/shell/history_test.cpp - what the history keeps and forgets.
#include <string>

#include "apps/shell/history.hpp"
#include "doctest/doctest.h"

using shell::History;

TEST_CASE("lines come back newest first, numbered from 1") {
    History history;
    history.add("one");
    history.add("two");
    history.add("three");
    REQUIRE(history.size() == 3);
    CHECK(history.line(0) == "three");
    CHECK(history.line(1) == "two");
    CHECK(history.line(2) == "one");
    CHECK(history.number(2) == 1);
    CHECK(history.number(0) == 3);
}

TEST_CASE("blank lines, repetitions and overlong lines are not kept") {
    History history;
    history.add("");
    history.add("  \t");
    history.add("a");
    history.add("a");
    history.add("b\nc");
    history.add(std::string(History::bytes_max, 'x'));
    CHECK(history.size() == 1);
    history.add("b");
    history.add("a");
    CHECK(history.size() == 3);
}

TEST_CASE("the oldest lines make room, and numbers go on") {
    History history;
    for (int i = 1; i <= 5000; ++i)
        history.add("command number " + std::to_string(i));
    CHECK(history.size() > 300);
    CHECK(history.size() < 500);
    for (std::size_t age = 0; age < history.size(); ++age)
        CHECK(history.line(age) == "command number " + std::to_string(5000 - age));
    CHECK(history.number(0) == 5000);
}

TEST_CASE("a line of almost half the memory is kept whole, a longer one not at all") {
    History history;
    const std::string longest(History::bytes_max / 2 - 1, 'x');
    history.add("before");
    history.add(longest);
    history.add("after");
    history.add(longest + "y");
    CHECK(history.line(0) == "after");
    CHECK((history.line(1) == longest));
}

TEST_CASE("the memory is used to its last byte") {
    History history;
    const std::string quarter(History::bytes_max / 4 - 1, 'x');
    for (char first : {'a', 'b', 'c', 'd'})
        history.add(first + quarter.substr(1));
    CHECK(history.size() == 4);
    history.add("e");
    CHECK(history.size() == 4);
    CHECK(history.line(3).front() == 'b');
}
