// tests/unit/exokernel/core/words_test.cpp - has_word: whole words of the command line.
#include "exokernel/core/words.hpp"

#include "doctest/doctest.h"

using exo::has_word;

TEST_CASE("a word is found first, in the middle and last") {
    CHECK(has_word("panic=exit console=script quiet", "panic=exit"));
    CHECK(has_word("panic=exit console=script quiet", "console=script"));
    CHECK(has_word("panic=exit console=script quiet", "quiet"));
    CHECK(has_word("quiet", "quiet"));
}

TEST_CASE("a part of a word is not the word") {
    CHECK_FALSE(has_word("panic=exit", "panic"));
    CHECK_FALSE(has_word("panic=exit", "exit"));
    CHECK_FALSE(has_word("nopanic=exit panic=exits", "panic=exit"));
}

TEST_CASE("nothing is found in an empty line") { CHECK_FALSE(has_word("", "quiet")); }

TEST_CASE("spaces around and between words do not matter") {
    CHECK(has_word("  a   quiet  ", "quiet"));
    CHECK_FALSE(has_word("   ", "quiet"));
}
