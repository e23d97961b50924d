// tests/unit/exokernel/cpu/slices_test.cpp - SliceVector: turns, waiting, deadlines.
#include "exokernel/cpu/slices.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/machine.hpp"

using exo::SliceVector;
using exo::Vcpu;
using lamina::Status;
using lamina::wait_forever;

namespace {

struct Fixture {
    Vcpu& add(bool ready = true) {
        vcpus.push_back(std::make_unique<Vcpu>());
        REQUIRE(slices.attach(*vcpus.back()));
        if (ready) slices.set_ready(*vcpus.back());
        return *vcpus.back();
    }

    SliceVector slices;
    std::vector<std::unique_ptr<Vcpu>> vcpus;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "nobody runs where nobody is ready") {
    CHECK(slices.next() == nullptr);
    add(false);
    CHECK(slices.next() == nullptr);
}

TEST_CASE_FIXTURE(Fixture, "a vCPU that is the only one ready gets every turn") {
    add(false);
    Vcpu& one = add();
    add(false);
    for (int turn = 0; turn < 3; ++turn)
        CHECK(slices.next() == &one);
}

TEST_CASE_FIXTURE(Fixture, "turns go round in the order of the slices") {
    for (int i = 0; i < 5; ++i)
        add();
    Vcpu* first = slices.next();
    std::set<Vcpu*> seen = {first};
    std::uint32_t before = first->slice;
    for (int i = 1; i < 5; ++i) {
        Vcpu* here = slices.next();
        CHECK(here->slice == (before + 1) % 5);
        before = here->slice;
        seen.insert(here);
    }
    CHECK(seen.size() == 5);
    CHECK(slices.next() == first);
}

TEST_CASE_FIXTURE(Fixture, "ready vCPUs are found across the words of the vector") {
    for (int i = 0; i < 200; ++i)
        add(false);
    for (const unsigned slice : {0U, 63U, 64U, 127U, 128U, 199U})
        slices.set_ready(*vcpus[slice]);
    std::vector<std::uint32_t> order;
    for (int i = 0; i < 12; ++i)
        order.push_back(slices.next()->slice);
    CHECK(order == std::vector<std::uint32_t>{63, 64, 127, 128, 199, 0, 63, 64, 127, 128, 199, 0});
}

TEST_CASE_FIXTURE(Fixture, "a waiting vCPU is skipped until it is ready again") {
    add();
    Vcpu& two = add();
    slices.set_waiting(two, wait_forever);
    for (int i = 0; i < 3; ++i)
        CHECK(slices.next() != &two);
    slices.set_ready(two);
    CHECK((slices.next() == &two || slices.next() == &two));
}

TEST_CASE_FIXTURE(Fixture, "every slice can be given once, then no more") {
    std::set<std::uint32_t> seen;
    for (std::uint32_t i = 0; i < SliceVector::capacity; ++i)
        seen.insert(add(false).slice);
    CHECK(seen.size() == SliceVector::capacity);
    CHECK(*seen.rbegin() == SliceVector::capacity - 1);
    Vcpu late = {};
    CHECK(slices.attach(late).error() == Status::limit_reached);
    slices.detach(*vcpus[500]);
    CHECK(slices.attach(late));
    CHECK(late.slice == 500);
}

TEST_CASE_FIXTURE(Fixture, "a detached vCPU gets no turn and no deadline") {
    Vcpu& one = add();
    slices.set_waiting(one, 50);
    slices.set_ready(one);
    slices.set_waiting(one, 60);
    slices.detach(one);
    CHECK(slices.next() == nullptr);
    CHECK(slices.due(1000) == nullptr);
}

TEST_CASE_FIXTURE(Fixture, "only what is attached can be detached") {
    add();
    Vcpu stranger = {};
    CHECK_FALSE(panic_of([&] { slices.detach(stranger); }).empty());
}

TEST_CASE_FIXTURE(Fixture, "a deadline is due when its time has come, not before") {
    Vcpu& one = add();
    slices.set_waiting(one, 100);
    CHECK(slices.due(99) == nullptr);
    CHECK(slices.due(100) == &one);
}

TEST_CASE_FIXTURE(Fixture, "a vCPU that waits for ever is never due") {
    slices.set_waiting(add(), wait_forever);
    CHECK(slices.nearest_deadline() == wait_forever);
    CHECK(slices.due(~0ULL - 1) == nullptr);
}

TEST_CASE_FIXTURE(Fixture, "becoming ready forgets the deadline") {
    Vcpu& one = add();
    slices.set_waiting(one, 100);
    slices.set_ready(one);
    CHECK(slices.due(1000) == nullptr);
}

TEST_CASE_FIXTURE(Fixture, "all that are due are told, each until it is ready") {
    for (int i = 0; i < 4; ++i)
        slices.set_waiting(add(), 100 + std::uint64_t(i));
    std::set<Vcpu*> told;
    while (Vcpu* vcpu = slices.due(102)) {
        told.insert(vcpu);
        slices.set_ready(*vcpu);
        REQUIRE(told.size() <= 3);
    }
    CHECK(told.size() == 3);
    CHECK(slices.nearest_deadline() == 103);
}

TEST_CASE_FIXTURE(Fixture, "the nearest deadline is never later than any") {
    mutation::Random random(5);
    for (int i = 0; i < 100; ++i)
        add(false);
    std::vector<std::uint64_t> model(100, wait_forever);
    const auto earliest = [&] { return *std::min_element(model.begin(), model.end()); };
    std::uint64_t now = 1;
    for (int step = 0; step < 5000; ++step) {
        const auto which = random.below(100);
        if (random.below(3) != 0) {
            model[which] = now + 1 + random.below(500);
            slices.set_waiting(*vcpus[which], model[which]);
        } else {
            model[which] = wait_forever;
            slices.set_ready(*vcpus[which]);
        }
        REQUIRE(slices.nearest_deadline() <= earliest());
        now += random.below(20);
        while (Vcpu* vcpu = slices.due(now)) {
            REQUIRE(model[vcpu->slice] <= now);
            model[vcpu->slice] = wait_forever;
            slices.set_ready(*vcpu);
        }
        REQUIRE(earliest() > now);
    }
}

TEST_CASE_FIXTURE(Fixture, "others are ready if any but the one asked for is") {
    Vcpu& one = add();
    CHECK_FALSE(slices.others_ready(one));
    for (int i = 0; i < 99; ++i)
        add(false);
    CHECK_FALSE(slices.others_ready(one));
    slices.set_ready(*vcpus[99]);
    CHECK(slices.others_ready(one));
    slices.set_waiting(one, wait_forever);
    CHECK_FALSE(slices.others_ready(*vcpus[99]));
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
            slices.set_waiting(*vcpus[which], wait_forever);
            ready.erase(which);
        } else if (ready.insert(which).second) {
            slices.set_ready(*vcpus[which]);
            waited[which] = 0;
        }
        Vcpu* runs = slices.next();
        REQUIRE((runs == nullptr) == ready.empty());
        if (runs == nullptr) continue;
        REQUIRE(ready.contains(runs->slice));
        int longest = 0;
        for (const std::uint32_t slice : ready)
            longest = std::max(longest, ++waited[slice]);
        REQUIRE(longest <= 151);
        waited[runs->slice] = 0;
    }
}
