// tests/unit/libos/start_test.cpp - arguments of start blocks, the clock, words of the command
// line.
#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "doctest/doctest.h"
#include "lamina/syscalls.hpp"
#include "libos/clock/convert.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/arguments.hpp"
#include "tests/mutation/mutation.hpp"

using lamina::StartBlock;

namespace {

using Arguments = std::array<std::string_view, libos::arguments_max>;

}  // namespace

TEST_CASE("arguments go into a start block and come out") {
    StartBlock block = {};
    const std::string_view in[] = {"hello", "", "two words"};
    REQUIRE(libos::join_arguments(in, block));
    CHECK(block.magic == lamina::start_magic);
    CHECK(block.abi_version == lamina::abi_version);
    CHECK(block.argument_count == 3);
    Arguments out;
    CHECK(libos::split_arguments(block, out) == 3);
    CHECK(out[0] == "hello");
    CHECK(out[1] == "");
    CHECK(out[2] == "two words");
}

TEST_CASE("arguments that do not fit are refused") {
    StartBlock block = {};
    const std::string exact(sizeof block.arguments - 1, 'x');
    const std::string_view fits[] = {exact};
    CHECK(libos::join_arguments(fits, block));
    Arguments out;
    CHECK(libos::split_arguments(block, out) == 1);
    CHECK(out[0] == exact);
    const std::array<std::string_view, libos::arguments_max> most = {};
    block = {};
    CHECK(libos::join_arguments(most, block));
    CHECK(libos::split_arguments(block, out) == libos::arguments_max);
    const std::string over(sizeof block.arguments, 'x');
    const std::string_view too_long[] = {over};
    CHECK(!libos::join_arguments(too_long, block));
    const std::string_view with_nul[] = {std::string_view("a\0b", 3)};
    CHECK(!libos::join_arguments(with_nul, block));
    const std::array<std::string_view, libos::arguments_max + 1> many = {};
    CHECK(!libos::join_arguments(many, block));
}

TEST_CASE("start blocks whose counts and terminators disagree are refused") {
    StartBlock good = {};
    const std::string_view in[] = {"a", "b"};
    REQUIRE(libos::join_arguments(in, good));
    Arguments out;
    const auto refused = [&](auto change) {
        auto block = good;
        change(block);
        return !libos::split_arguments(block, out);
    };
    CHECK(refused([](auto& b) { b.argument_count = 3; }));
    CHECK(refused([](auto& b) { b.argument_count = 1; }));
    CHECK(refused([](auto& b) { b.argument_count = 0xffff'ffff; }));
    CHECK(refused([](auto& b) { b.argument_bytes = 3; }));
    CHECK(refused([](auto& b) { b.argument_bytes = 0xffff'ffff; }));
    CHECK(refused([](auto& b) { b.argument_bytes = sizeof b.arguments + 1; }));
    CHECK(!refused([](auto&) {}));
}

TEST_CASE("damaged start blocks never lead outside the block") {
    for (std::uint64_t round = 0; round < 1000; ++round) {
        mutation::Random random(round + 1);
        // On the heap, so that a sanitizer sees what lies behind it.
        auto block = std::make_unique<StartBlock>();
        block->argument_count = std::uint32_t(random.below(70));
        block->argument_bytes = std::uint32_t(random.below(4200));
        for (auto& letter : block->arguments)
            letter = random.below(4) == 0 ? '\0' : 'x';
        Arguments out;
        const auto count = libos::split_arguments(*block, out);
        for (std::size_t i = 0; count && i < *count; ++i) {
            CHECK(out[i].data() >= block->arguments);
            CHECK(out[i].data() + out[i].size() < block->arguments + sizeof block->arguments);
        }
    }
}

TEST_CASE("ticks become nanoseconds without losing the high half") {
    using libos::ticks_to_ns;
    CHECK(ticks_to_ns(1000, 1ULL << 32, 32) == 1000);
    CHECK(ticks_to_ns(3, 1ULL << 31, 32) == 1);
    // 2.5 GHz for a year: 0.4 ns a tick.
    const std::uint64_t multiplier = (2ULL << 32) / 5;
    const std::uint64_t year_ticks = 2'500'000'000ULL * 86'400 * 365;
    const auto year_ns = ticks_to_ns(year_ticks, multiplier, 32);
    const std::uint64_t exact = 1'000'000'000ULL * 86'400 * 365;
    CHECK(year_ns <= exact);
    CHECK(exact - year_ns < exact / 1'000'000'000);
    CHECK(ticks_to_ns(~0ULL, 1, 0) == ~0ULL);
    CHECK(ticks_to_ns(~0ULL, ~0ULL, 64) == ~0ULL - 1);
}

TEST_CASE("words of the command line are found whole") {
    using libos::has_word;
    CHECK(has_word("console=script panic=exit", "console=script"));
    CHECK(has_word("a b console=script", "console=script"));
    CHECK(!has_word("console=scripted", "console=script"));
    CHECK(!has_word("xconsole=script", "console=script"));
    CHECK(!has_word("", "console=script"));
    CHECK(has_word("  spaced   out ", "out"));
}

TEST_CASE("text fields end at the NUL or at their end") {
    const char ended[8] = {'a', 'b', '\0', 'c'};
    const char full[4] = {'a', 'b', 'c', 'd'};
    CHECK(libos::text_of(ended) == "ab");
    CHECK(libos::text_of(full) == "abcd");
}
