// tests/unit/exokernel/cpu/predicate_test.cpp - predicates: every step, and what is refused.
#include "exokernel/cpu/predicate.hpp"

#include <cstdint>
#include <initializer_list>

#include "doctest/doctest.h"

using lamina::Predicate;
using lamina::PredicateStep;
using lamina::Status;
using Op = lamina::PredicateOp;

namespace {

constexpr std::uint64_t minus_one = ~std::uint64_t{0};
constexpr std::uint64_t smallest = 1ULL << 63;

Predicate of(std::initializer_list<PredicateStep> steps, std::uint32_t word_count = 0) {
    Predicate made = {};
    made.word_count = word_count;
    for (const PredicateStep step : steps)
        made.steps[made.step_count++] = step;
    return made;
}

bool sound(const Predicate& predicate) {
    const auto checked = exo::check_predicate(predicate);
    if (!checked) CHECK(checked.error() == Status::bad_argument);
    return checked.has_value();
}

/// What a step makes of two words: the predicate that compares it with `expected` holds, and the
/// one that compares it with something else does not.
bool makes(Op op, std::uint64_t a, std::uint64_t b, std::uint64_t expected) {
    Predicate predicate = op == Op::logical_not
                              ? of({{Op::constant, 1}, {op, 0}, {Op::constant, 2}, {Op::equal, 0}})
                              : of({{Op::constant, 0},
                                    {Op::constant, 1},
                                    {op, 0},
                                    {Op::constant, 2},
                                    {Op::equal, 0}});
    predicate.constants[0] = a;
    predicate.constants[1] = b;
    predicate.constants[2] = expected;
    REQUIRE(sound(predicate));
    const bool held = exo::predicate_holds(predicate, nullptr);
    predicate.constants[2] = expected + 1;
    return held && !exo::predicate_holds(predicate, nullptr);
}

}  // namespace

TEST_CASE("add and subtract wrap around") {
    CHECK(makes(Op::add, 2, 3, 5));
    CHECK(makes(Op::add, minus_one, 2, 1));
    CHECK(makes(Op::subtract, 7, 3, 4));
    CHECK(makes(Op::subtract, 3, 7, minus_one - 3));
}

TEST_CASE("the bit steps work on all 64 bits") {
    CHECK(makes(Op::bit_and, smallest | 0b1100, smallest | 0b1010, smallest | 0b1000));
    CHECK(makes(Op::bit_or, smallest | 0b1100, 0b1010, smallest | 0b1110));
    CHECK(makes(Op::bit_xor, smallest | 0b1100, 0b1010, smallest | 0b0110));
}

TEST_CASE("equal and not_equal compare all 64 bits") {
    CHECK(makes(Op::equal, smallest, smallest, 1));
    CHECK(makes(Op::equal, smallest, 0, 0));
    CHECK(makes(Op::not_equal, 1, smallest | 1, 1));
    CHECK(makes(Op::not_equal, 4, 4, 0));
}

TEST_CASE("less compares what is below on the stack with the top one") {
    CHECK(makes(Op::less, 1, 2, 1));
    CHECK(makes(Op::less, 2, 1, 0));
    CHECK(makes(Op::less, 2, 2, 0));
    CHECK(makes(Op::less_or_equal, 2, 2, 1));
    CHECK(makes(Op::less_or_equal, 3, 2, 0));
}

TEST_CASE("unsigned comparisons take the top bit for a number, signed ones for a sign") {
    CHECK(makes(Op::less, 1, minus_one, 1));
    CHECK(makes(Op::less_or_equal, minus_one, 1, 0));
    CHECK(makes(Op::signed_less, minus_one, 1, 1));
    CHECK(makes(Op::signed_less, 1, minus_one, 0));
    CHECK(makes(Op::signed_less, smallest, smallest - 1, 1));
    CHECK(makes(Op::signed_less, 5, 5, 0));
    CHECK(makes(Op::signed_less_or_equal, 5, 5, 1));
    CHECK(makes(Op::signed_less_or_equal, 0, smallest, 0));
}

TEST_CASE("logical steps take any word but 0 for true and give 1 or 0") {
    CHECK(makes(Op::logical_and, 2, 4, 1));
    CHECK(makes(Op::logical_and, 2, 0, 0));
    CHECK(makes(Op::logical_and, 0, 2, 0));
    CHECK(makes(Op::logical_or, 0, smallest, 1));
    CHECK(makes(Op::logical_or, 8, 0, 1));
    CHECK(makes(Op::logical_or, 0, 0, 0));
    CHECK(makes(Op::logical_not, 0, 0, 1));
    CHECK(makes(Op::logical_not, 0, 2, 0));
}

TEST_CASE("load reads each word where it is, at the moment of the evaluation") {
    std::uint64_t memory[] = {1, 2, 3, 4};
    const std::uint64_t* const words[] = {&memory[3], &memory[2], &memory[1], &memory[0]};
    for (std::uint8_t i = 0; i < 4; ++i) {
        Predicate predicate = of({{Op::load, i}, {Op::constant, 7}, {Op::equal, 0}}, 4);
        predicate.constants[7] = 4 - i;
        REQUIRE(sound(predicate));
        CHECK(exo::predicate_holds(predicate, words));
        memory[3 - i] = 9;
        CHECK_FALSE(exo::predicate_holds(predicate, words));
    }
}

TEST_CASE("what is left decides: 0 is false, every other word true") {
    Predicate predicate = of({{Op::constant, 0}});
    REQUIRE(sound(predicate));
    CHECK_FALSE(exo::predicate_holds(predicate, nullptr));
    predicate.constants[0] = smallest;
    CHECK(exo::predicate_holds(predicate, nullptr));
}

TEST_CASE("the stack may be as deep as it can be used up in sixteen steps") {
    Predicate predicate = of({});
    for (std::uint8_t i = 0; i < 8; ++i) {
        predicate.constants[i] = 1ULL << i;
        predicate.steps[predicate.step_count++] = {Op::constant, i};
    }
    for (unsigned i = 0; i < 7; ++i)
        predicate.steps[predicate.step_count++] = {Op::subtract, 0};
    REQUIRE(sound(predicate));
    // 1 - (2 - (4 - ... - 128)): the words come off in the order of a stack.
    CHECK(exo::predicate_holds(predicate, nullptr));
    predicate.steps[predicate.step_count++] = {Op::logical_not, 0};
    REQUIRE(predicate.step_count == lamina::predicate_steps_max);
    REQUIRE(sound(predicate));
    CHECK_FALSE(exo::predicate_holds(predicate, nullptr));
}

TEST_CASE("a ninth word on the stack is refused") {
    Predicate predicate = of({});
    for (unsigned i = 0; i < 9; ++i)
        predicate.steps[predicate.step_count++] = {Op::constant, 0};
    for (unsigned i = 0; i < 7; ++i)
        predicate.steps[predicate.step_count++] = {Op::add, 0};
    CHECK_FALSE(sound(predicate));
}

TEST_CASE("no step at all leaves nothing, and is refused") { CHECK_FALSE(sound(of({}))); }

TEST_CASE("more steps than there is room for are refused, and none of them looked at") {
    Predicate predicate = of({{Op::constant, 0}});
    for (const std::uint32_t count : {17U, 18U, 1U << 31, ~0U}) {
        predicate.step_count = count;
        CHECK_FALSE(sound(predicate));
    }
}

TEST_CASE("more than four words are refused, though no step loads them") {
    for (const std::uint32_t count : {5U, 1U << 31, ~0U})
        CHECK_FALSE(sound(of({{Op::constant, 0}}, count)));
    CHECK(sound(of({{Op::constant, 0}}, 4)));
}

TEST_CASE("a load beyond the words is refused") {
    for (std::uint32_t count = 0; count <= 4; ++count)
        for (unsigned index = 0; index < 256; ++index)
            CHECK(sound(of({{Op::load, std::uint8_t(index)}}, count)) == (index < count));
}

TEST_CASE("a constant beyond the constants is refused") {
    for (unsigned index = 0; index < 256; ++index)
        CHECK(sound(of({{Op::constant, std::uint8_t(index)}})) == (index < 8));
}

TEST_CASE("an index where none belongs is refused") {
    CHECK_FALSE(sound(of({{Op::constant, 0}, {Op::logical_not, 1}})));
    CHECK_FALSE(sound(of({{Op::constant, 0}, {Op::constant, 0}, {Op::add, 1}})));
}

TEST_CASE("numbers that are no step are refused") {
    for (unsigned op = 0; op < 256; ++op) {
        const auto three = of({{Op::constant, 0}, {Op::constant, 0}, {Op(op), 0}});
        const bool takes_two = op > unsigned(Op::load) && op < unsigned(Op::logical_not);
        CHECK(sound(three) == takes_two);
    }
}

TEST_CASE("a step that takes more than there is is refused") {
    CHECK_FALSE(sound(of({{Op::logical_not, 0}, {Op::constant, 0}})));
    for (unsigned op = unsigned(Op::add); op < unsigned(Op::logical_not); ++op) {
        CHECK_FALSE(sound(of({{Op(op), 0}, {Op::constant, 0}, {Op::constant, 0}})));
        CHECK_FALSE(sound(of({{Op::constant, 0}, {Op(op), 0}, {Op::constant, 0}})));
    }
}

TEST_CASE("two words left are refused") {
    CHECK_FALSE(sound(of({{Op::constant, 0}, {Op::constant, 0}})));
}

TEST_CASE("steps behind the last one are not looked at") {
    Predicate predicate = of({{Op::constant, 0}});
    predicate.steps[1] = {Op(255), 255};
    CHECK(sound(predicate));
}
