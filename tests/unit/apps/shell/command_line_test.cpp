// tests/unit/apps/shell/command_line_test.cpp - commands, words, quotes, variables, mistakes.
#include <string>
#include <vector>

#include "apps/shell/byte_queue.hpp"
#include "apps/shell/command_line.hpp"
#include "apps/shell/suggest.hpp"
#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"

using shell::Command;
using shell::CommandReader;
using Outcome = CommandReader::Outcome;

namespace {

// Commands as [word|word], with & behind those for the background; mistakes as !mistake.
std::string split(std::string_view line, shell::Variables variables = {}) {
    CommandReader reader(line);
    Command command;
    std::string text;
    for (;;) {
        const auto outcome = reader.next(variables, command);
        if (outcome == Outcome::end) return text;
        if (outcome == Outcome::mistake) return text + "!" + std::string(reader.mistake());
        text += "[";
        for (const auto word : command.words())
            text += (text.back() == '[' ? "" : "|") + std::string(word);
        text += command.background() ? "]&" : "]";
    }
}

}  // namespace

TEST_CASE("words and commands") {
    CHECK(split("") == "");
    CHECK(split("   ") == "");
    CHECK(split("echo a  b\tc") == "[echo|a|b|c]");
    CHECK(split("a;b ; c") == "[a][b][c]");
    CHECK(split(";; a ;; b ;") == "[a][b]");
    CHECK(split("run hello & echo x") == "[run|hello]&[echo|x]");
    CHECK(split("run hello&") == "[run|hello]&");
    CHECK(split("run hello &; echo x") == "[run|hello]&[echo|x]");
}

TEST_CASE("quotes and backslashes") {
    CHECK(split("echo 'a  b' \"c;d&\" e'f'g") == "[echo|a  b|c;d&|efg]");
    CHECK(split("echo '' \"\"") == "[echo||]");
    CHECK(split(R"(echo a\ b \; \\ \")") == R"([echo|a b|;|\|"])");
    CHECK(split(R"(echo "a\"b\\c\n")") == R"([echo|a"b\c\n])");
    CHECK(split(R"(echo 'a\')") == R"([echo|a\])");
}

TEST_CASE("comments begin at the start of a word") {
    CHECK(split("# all of it") == "");
    CHECK(split("echo a # b; c") == "[echo|a]");
    CHECK(split("echo a#b") == "[echo|a#b]");
    CHECK(split("echo '#' \\#") == "[echo|#|#]");
}

TEST_CASE("variables") {
    const shell::Variables variables = {139, 7};
    CHECK(split("echo $? $!", variables) == "[echo|139|7]");
    CHECK(split("echo x$?y \"<$?>\" '$?'", variables) == "[echo|x139y|<139>|$?]");
    CHECK(split("echo $x $ \\$? \"\\$?\"", variables) == "[echo|$x|$|$?|$?]");
}

TEST_CASE("mistakes are named") {
    CHECK(split("echo 'a") == "!a ' is not closed");
    CHECK(split("a; echo \"b") == "[a]!a \" is not closed");
    CHECK(split("echo \\") == "!nothing follows the \\");
    CHECK(split("&") == "!nothing stands before the &");
    CHECK(split("a; & b") == "[a]!nothing stands before the &");
}

TEST_CASE("limits are told") {
    std::string words = "echo";
    for (std::size_t i = 1; i < Command::words_max; ++i)
        words += " x";
    CHECK(split(words).front() == '[');
    CHECK(split(words + " x") == "!too many words");
    CHECK(split(std::string(Command::bytes_max, 'x')).front() == '[');
    CHECK(split(std::string(Command::bytes_max + 1, 'x')) == "!the command is too long");
    CHECK(split(std::string(Command::bytes_max - 1, 'x') + "$?", {100, 0}) ==
          "!the command is too long");
}

TEST_CASE("20000 random lines end") {
    mutation::Random random(5);
    constexpr char letters[] = "ab ;&'\"\\$?!#\t";
    for (int round = 0; round < 20000; ++round) {
        std::string line;
        for (std::uint64_t i = random.below(40); i > 0; --i)
            line += letters[random.below(sizeof letters - 1)];
        CHECK(split(line).size() <= line.size() * 4 + 40);
    }
}

TEST_CASE("distances between words") {
    using shell::word_distance;
    CHECK(word_distance("", "") == 0);
    CHECK(word_distance("abc", "abc") == 0);
    CHECK(word_distance("", "abc") == 3);
    CHECK(word_distance("hlep", "help") == 1);
    CHECK(word_distance("helo", "help") == 1);
    CHECK(word_distance("elp", "help") == 1);
    CHECK(word_distance("helpp", "help") == 1);
    CHECK(word_distance("ca", "abc") == 3);
    CHECK(word_distance(std::string(40, 'a'), "a") == 31);
}

TEST_CASE("the closest command is suggested, if one is close") {
    const auto suggest = [](std::string_view wrong) {
        shell::Suggestion suggestion(wrong);
        for (const auto* name : {"echo", "help", "kill", "ps", "run", "uptime"})
            suggestion.consider(name);
        return std::string(suggestion.best());
    };
    CHECK(suggest("hlep") == "help");
    CHECK(suggest("ecko") == "echo");
    CHECK(suggest("rnu") == "run");
    CHECK(suggest("uptiem") == "uptime");
    CHECK(suggest("xyzzy") == "");
    CHECK(suggest("x") == "");
}

TEST_CASE("bytes leave a queue in the order they came") {
    shell::ByteQueue queue;
    std::string in;
    std::string out;
    mutation::Random random(9);
    for (int round = 0; round < 2000; ++round) {
        std::string chunk;
        for (std::uint64_t i = random.below(300); i > 0; --i)
            chunk += char(random.next());
        REQUIRE(queue.push(chunk));
        in += chunk;
        for (std::uint64_t i = random.below(320); i > 0 && !queue.empty(); --i)
            out += queue.pop();
    }
    while (!queue.empty())
        out += queue.pop();
    CHECK(in == out);
}

TEST_CASE("what was typed before the last Ctrl-C can be dropped") {
    shell::ByteQueue queue;
    CHECK(!queue.drop_through_last('\x03'));
    REQUIRE(
        queue.push(std::string_view("ab\x03"
                                    "cd\x03"
                                    "ef")));
    CHECK(queue.drop_through_last('\x03'));
    CHECK(queue.pop() == 'e');
    CHECK(queue.pop() == 'f');
    CHECK(queue.empty());
    CHECK(!queue.drop_through_last('\x03'));
}
