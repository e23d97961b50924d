// tests/unit/libos/condition_test.cpp - Condition: what expressions become, and what fits.
#include "libos/wait/condition.hpp"

#include <cstdint>

#include "doctest/doctest.h"
#include "exokernel/cpu/predicate.hpp"

using libos::Condition;
using libos::word_of;

namespace {

constexpr auto frames = lamina::Handle{7};

/// What the kernel makes of a condition over the words at offsets 0, 8, 16 and 24.
struct Memory {
    std::uint64_t word[4] = {};

    bool hold(const Condition& condition) const {
        REQUIRE(condition.fits());
        REQUIRE(exo::check_predicate(condition.code()));
        const std::uint64_t* places[4] = {};
        for (std::uint32_t i = 0; i < condition.code().word_count; ++i)
            places[i] = &word[condition.code().words[i].offset / 8];
        return exo::predicate_holds(condition.code(), places);
    }
};

const Condition a = word_of(frames, 0), b = word_of(frames, 8), c = word_of(frames, 16),
                d = word_of(frames, 24);

}  // namespace

TEST_CASE("comparisons compare as they are written") {
    const Memory low{{1, 2}}, same{{2, 2}}, high{{3, 2}};
    CHECK(low.hold(a < b));
    CHECK_FALSE(same.hold(a < b));
    CHECK(same.hold(a <= b));
    CHECK_FALSE(high.hold(a <= b));
    CHECK(high.hold(a > b));
    CHECK_FALSE(same.hold(a > b));
    CHECK(same.hold(a >= b));
    CHECK_FALSE(low.hold(a >= b));
    CHECK(same.hold(a == b));
    CHECK_FALSE(low.hold(a == b));
    CHECK(low.hold(a != b));
    CHECK_FALSE(same.hold(a != b));
}

TEST_CASE("signed comparisons have names of their own") {
    const Memory memory{{~0ULL, 1}};
    CHECK_FALSE(memory.hold(a < b));
    CHECK(memory.hold(signed_less(a, b)));
    CHECK_FALSE(memory.hold(signed_less(b, a)));
    CHECK(memory.hold(signed_less_or_equal(a, a)));
    CHECK_FALSE(memory.hold(signed_less_or_equal(b, a)));
}

TEST_CASE("arithmetic, bits and numbers mix") {
    const Memory memory{{5, 3}};
    CHECK(memory.hold(a - b == 2));
    CHECK(memory.hold(a + b == 8));
    CHECK(memory.hold((a & b) == 1));
    CHECK(memory.hold((a | b) == 7));
    CHECK(memory.hold((a ^ b) == 6));
    CHECK(memory.hold(10 - a == 5));
    CHECK_FALSE(memory.hold(a - b == 3));
}

TEST_CASE("and, or, not are those of C++") {
    const Memory memory{{4, 0}};
    CHECK_FALSE(memory.hold(a && b));
    CHECK(memory.hold(a || b));
    CHECK(memory.hold(!b));
    CHECK_FALSE(memory.hold(!a));
    CHECK(memory.hold(a && !b));
    CHECK(memory.hold(!(a && b) && (a == 4 || b == 9)));
}

TEST_CASE("a word or number that is used twice takes one place") {
    const Condition condition = (a == 3 && b == 3) || (a == 4 && b == 4);
    CHECK(condition.code().word_count == 2);
    CHECK(condition.code().step_count == 15);
    CHECK(Memory{{3, 3}}.hold(condition));
    CHECK(Memory{{4, 4}}.hold(condition));
    CHECK_FALSE(Memory{{3, 4}}.hold(condition));
}

TEST_CASE("the same offset of other frames is another word") {
    const Condition condition = a == word_of(lamina::Handle{8}, 0);
    CHECK(condition.code().word_count == 2);
}

TEST_CASE("four words fit and a fifth does not") {
    CHECK(Memory{{1, 2, 3, 4}}.hold(a + b + c + d == 10));
    CHECK_FALSE((a + b + c + d + word_of(frames, 32)).fits());
}

TEST_CASE("sixteen steps fit and a seventeenth does not") {
    const Condition fifteen = (a == 3 && b == 3) || (a == 4 && b == 4);
    CHECK(Memory{{1, 2}}.hold(!fifteen));
    CHECK_FALSE((!!fifteen).fits());
    CHECK_FALSE((!fifteen && a).fits());
    CHECK_FALSE((a && !fifteen).fits());
}

TEST_CASE("what does not fit does not fit as a part either") {
    const Condition large = a + b + c + d + word_of(frames, 32);
    CHECK_FALSE((a == large).fits());
    CHECK_FALSE((large == a).fits());
    CHECK_FALSE((!large).fits());
}

TEST_CASE("a condition can be made at compile time") {
    constexpr Condition made = word_of(frames, 0) > 5 && word_of(frames, 8) != 0;
    static_assert(made.fits() && made.code().word_count == 2 && made.code().step_count == 7);
    CHECK(Memory{{6, 1}}.hold(made));
}
