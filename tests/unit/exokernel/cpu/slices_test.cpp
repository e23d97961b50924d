// tests/unit/exokernel/cpu/slices_test.cpp - SliceVector: turns, waiting.
#include "exokernel/cpu/slices.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/machine.hpp"

using exo::Slice;
using exo::SliceVector;
using lamina::Status;

namespace {

struct Fixture {
    Slice& add(bool ready = true) {
        made.push_back(std::make_unique<Slice>());
        REQUIRE(slices.attach(*made.back()));
        if (ready) slices.set_ready(*made.back());
        return *made.back();
    }

    SliceVector slices;
    std::vector<std::unique_ptr<Slice>> made;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "nobody runs where nobody is ready") {
    CHECK(slices.next() == nullptr);
    add(false);
    CHECK(slices.next() == nullptr);
}

TEST_CASE_FIXTURE(Fixture, "a vCPU that is the only one ready gets every turn") {
    add(false);
    Slice& one = add();
    add(false);
    for (int turn = 0; turn < 3; ++turn)
        CHECK(slices.next() == &one);
}

TEST_CASE_FIXTURE(Fixture, "turns go round in the order of the slices") {
    for (int i = 0; i < 5; ++i)
        add();
    Slice* first = slices.next();
    std::set<Slice*> seen = {first};
    std::uint32_t before = first->position;
    for (int i = 1; i < 5; ++i) {
        Slice* here = slices.next();
        CHECK(here->position == (before + 1) % 5);
        before = here->position;
        seen.insert(here);
    }
    CHECK(seen.size() == 5);
    CHECK(slices.next() == first);
}

TEST_CASE_FIXTURE(Fixture, "ready vCPUs are found across the words of the vector") {
    for (int i = 0; i < 200; ++i)
        add(false);
    for (const unsigned slice : {0U, 63U, 64U, 127U, 128U, 199U})
        slices.set_ready(*made[slice]);
    std::vector<std::uint32_t> order;
    for (int i = 0; i < 12; ++i)
        order.push_back(slices.next()->position);
    CHECK(order == std::vector<std::uint32_t>{63, 64, 127, 128, 199, 0, 63, 64, 127, 128, 199, 0});
}

TEST_CASE_FIXTURE(Fixture, "a waiting vCPU is skipped until it is ready again") {
    add();
    Slice& two = add();
    slices.set_waiting(two);
    for (int i = 0; i < 3; ++i)
        CHECK(slices.next() != &two);
    slices.set_ready(two);
    CHECK((slices.next() == &two || slices.next() == &two));
}

TEST_CASE_FIXTURE(Fixture, "every slice can be given once, then no more") {
    std::set<std::uint32_t> seen;
    for (std::uint32_t i = 0; i < SliceVector::capacity; ++i)
        seen.insert(add(false).position);
    CHECK(seen.size() == SliceVector::capacity);
    CHECK(*seen.rbegin() == SliceVector::capacity - 1);
    Slice late = {};
    CHECK(slices.attach(late).error() == Status::limit_reached);
    slices.detach(*made[500]);
    CHECK(slices.attach(late));
    CHECK(late.position == 500);
}

TEST_CASE_FIXTURE(Fixture, "only what is attached can be detached") {
    add();
    Slice stranger = {};
    CHECK_FALSE(panic_of([&] { slices.detach(stranger); }).empty());
}

TEST_CASE_FIXTURE(Fixture, "others are ready if any but the one asked for is") {
    Slice& one = add();
    CHECK_FALSE(slices.others_ready(one));
    for (int i = 0; i < 99; ++i)
        add(false);
    CHECK_FALSE(slices.others_ready(one));
    slices.set_ready(*made[99]);
    CHECK(slices.others_ready(one));
    slices.set_waiting(one);
    CHECK_FALSE(slices.others_ready(*made[99]));
}

TEST_CASE_FIXTURE(Fixture, "nobody is passed over: each ready vCPU runs within one round") {
    mutation::Random random(9);
    for (int i = 0; i < 150; ++i)
        add(false);
    std::vector<int> waited(150, 0);
    std::set<std::uint32_t> ready;
    for (int step = 0; step < 20'000; ++step) {
        const auto which = std::uint32_t(random.below(150));
        if (random.below(3) == 0) {
            slices.set_waiting(*made[which]);
            ready.erase(which);
        } else if (ready.insert(which).second) {
            slices.set_ready(*made[which]);
            waited[which] = 0;
        }
        Slice* runs = slices.next();
        REQUIRE((runs == nullptr) == ready.empty());
        if (runs == nullptr) continue;
        REQUIRE(ready.contains(runs->position));
        int longest = 0;
        for (const std::uint32_t slice : ready)
            longest = std::max(longest, ++waited[slice]);
        REQUIRE(longest <= 151);
        waited[runs->position] = 0;
    }
}
