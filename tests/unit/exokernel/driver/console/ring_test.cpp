// tests/unit/exokernel/driver/console/ring_test.cpp - ByteRing: order, room, wrapping counters.
#include "exokernel/driver/console/ring.hpp"

#include <deque>

#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"

using exo::ByteRing;

TEST_CASE("an empty ring has all its room") {
    const ByteRing<8> ring;
    CHECK(ring.used() == 0);
    CHECK(ring.room() == 8);
}

TEST_CASE("every byte of the room can be used") {
    ByteRing<8> ring;
    for (char c = 'a'; c < 'i'; ++c)
        ring.push(c);
    CHECK(ring.room() == 0);
    CHECK(ring.used() == 8);
    for (char c = 'a'; c < 'i'; ++c)
        CHECK(ring.pop() == c);
    CHECK(ring.used() == 0);
}

TEST_CASE("bytes come out in the order they went in, however often the ring wraps") {
    ByteRing<16> ring;
    std::deque<char> model;
    mutation::Random random(7);
    for (int step = 0; step < 10'000; ++step) {
        if (random.below(2) == 0 && ring.room() != 0) {
            const char c = char(random.below(256));
            ring.push(c);
            model.push_back(c);
        } else if (ring.used() != 0) {
            REQUIRE(ring.pop() == model.front());
            model.pop_front();
        }
        REQUIRE(ring.used() == model.size());
        REQUIRE(ring.used() + ring.room() == 16);
    }
}
