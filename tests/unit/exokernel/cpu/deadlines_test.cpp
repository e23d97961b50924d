// tests/unit/exokernel/cpu/deadlines_test.cpp - Deadlines: who is due, in which order, and who not.
#include "exokernel/cpu/deadlines.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/machine.hpp"

using exo::Deadline;
using exo::Deadlines;
using lamina::wait_forever;

namespace {

struct Fixture {
    Deadline& add(std::uint64_t at_ns) {
        made.push_back(std::make_unique<Deadline>());
        queue.add(*made.back(), at_ns);
        return *made.back();
    }

    Deadlines queue;
    std::vector<std::unique_ptr<Deadline>> made;
};

/// What the heap's comment says of a node and all below it. How many nodes there are.
std::size_t checked(const Deadline* node, const Deadline* above) {
    if (node == nullptr) return 0;
    CHECK(node->above == above);
    if (above != nullptr) CHECK(above->at_ns <= node->at_ns);
    const std::uint32_t left = node->left != nullptr ? node->left->depth : 0;
    const std::uint32_t right = node->right != nullptr ? node->right->depth : 0;
    CHECK(right <= left);
    CHECK(node->depth == right + 1);
    return 1 + checked(node->left, node) + checked(node->right, node);
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an empty queue is never due") {
    CHECK(queue.nearest() == wait_forever);
    CHECK(queue.take_due(wait_forever) == nullptr);
}

TEST_CASE_FIXTURE(Fixture, "a deadline is due when its time has come, not before, and once") {
    Deadline& one = add(100);
    CHECK(queue.nearest() == 100);
    CHECK(queue.take_due(99) == nullptr);
    CHECK(queue.take_due(100) == &one);
    CHECK(one.queue == nullptr);
    CHECK(queue.take_due(100) == nullptr);
    CHECK(queue.nearest() == wait_forever);
}

TEST_CASE_FIXTURE(Fixture, "a deadline that is cancelled is not due; the others are") {
    Deadline& one = add(100);
    Deadline& two = add(100);
    one.cancel();
    one.cancel();
    CHECK(queue.take_due(100) == &two);
    CHECK(queue.take_due(100) == nullptr);
}

TEST_CASE_FIXTURE(Fixture, "a deadline can come back at another time") {
    Deadline& one = add(100);
    one.cancel();
    queue.add(one, 50);
    CHECK(queue.nearest() == 50);
    CHECK(queue.take_due(50) == &one);
}

TEST_CASE_FIXTURE(Fixture, "a deadline is in one queue at most") {
    Deadline& one = add(100);
    Deadlines other;
    CHECK_FALSE(panic_of([&] { other.add(one, 5); }).empty());
}

TEST_CASE_FIXTURE(Fixture, "deadlines are due in the order of their times") {
    for (const unsigned at : {5U, 3U, 9U, 1U, 7U, 3U, 8U})
        add(at);
    std::vector<std::uint64_t> order;
    while (const Deadline* due = queue.take_due(8))
        order.push_back(due->at_ns);
    CHECK(order == std::vector<std::uint64_t>{1, 3, 3, 5, 7, 8});
    CHECK(queue.nearest() == 9);
}

TEST_CASE_FIXTURE(Fixture,
                  "any order of coming and going leaves a heap with the right ones in it") {
    mutation::Random random(5);
    constexpr unsigned count = 300;
    for (unsigned i = 0; i < count; ++i)
        add(random.below(1000));
    std::multiset<std::uint64_t> model;
    for (const auto& deadline : made)
        model.insert(deadline->at_ns);
    for (int step = 0; step < 10'000; ++step) {
        Deadline& chosen = *made[random.below(count)];
        if (chosen.queue == nullptr) {
            queue.add(chosen, random.below(1000));
            model.insert(chosen.at_ns);
        } else if (random.below(3) != 0) {
            model.erase(model.find(chosen.at_ns));
            chosen.cancel();
        } else if (const Deadline* due = queue.take_due(random.below(40))) {
            REQUIRE(due->at_ns == *model.begin());
            model.erase(model.begin());
        }
        REQUIRE(queue.nearest() == (model.empty() ? wait_forever : *model.begin()));
        if (step % 50 != 0) continue;
        const Deadline* root = made.front().get();
        for (const auto& deadline : made)
            if (deadline->queue != nullptr && deadline->above == nullptr) root = deadline.get();
        REQUIRE(checked(root->queue != nullptr ? root : nullptr, nullptr) == model.size());
    }
}

TEST_CASE_FIXTURE(Fixture, "the way that adding goes down is short, whatever the order") {
    for (unsigned i = 0; i < 4096; ++i)
        add(i);  // each one is the latest: the right way down from the first
    for (unsigned i = 0; i < 4096; ++i)
        add(5000 - i);
    const auto deepest =
        std::ranges::max_element(made, {}, [](const auto& deadline) { return deadline->depth; });
    CHECK((*deepest)->depth <= 14);
}
