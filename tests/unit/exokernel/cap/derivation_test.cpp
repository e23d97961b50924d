// tests/unit/exokernel/cap/derivation_test.cpp - the derivation tree over capability tables.
#include <memory>
#include <vector>

#include "doctest/doctest.h"
#include "exokernel/cap/table.hpp"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/cap/counting.hpp"

using exo::Capability;
using exo::CapSlot;
using exo::CapTable;
using exo::Handle;
using exo::Link;
using exo::Object;
using exo::ObjectType;
using exo::Rights;
using exo::Status;

namespace {

struct Tables {
    Tables() {
        REQUIRE(one.create(payer));
        REQUIRE(two.create(payer));
    }
    ~Tables() {
        for (CapTable* table : {&one, &two}) {
            (void)table->drop_some(~0U);
            table->destroy();
        }
    }

    CapSlot& put(CapTable& table, CapSlot* parent = nullptr) {
        Capability given;
        given.type = ObjectType::notification;
        given.rights = Rights::all;
        given.object = &object;
        const auto slot = table.free_slot();
        REQUIRE(slot);
        exo::Link* const head = parent != nullptr ? &parent->children : nullptr;
        return **table.lookup_any(table.insert(**slot, given, head), Rights::none);
    }

    Object object{ObjectType::notification, 0, 0};
    Object payer{ObjectType::account, 4, 0};
    CapTable one{counting};
    CapTable two{counting};
};

std::vector<CapSlot*> children_of(CapSlot& parent) {
    std::vector<CapSlot*> found;
    for (Link* link = parent.children.next; link != &parent.children; link = link->next) {
        CHECK(link->next->previous == link);
        found.push_back(&CapSlot::of(*link));
    }
    return found;
}

}  // namespace

TEST_CASE_FIXTURE(Tables, "what is derived is a child, in whichever table, oldest first") {
    CapSlot& root = put(one);
    CapSlot& a = put(two, &root);
    CapSlot& b = put(one, &root);
    CHECK(children_of(root) == std::vector{&a, &b});
    CHECK(children_of(a).empty());
    CHECK(root.siblings.alone());
}

TEST_CASE_FIXTURE(Tables, "the children of a dropped capability become its parent's") {
    CapSlot& root = put(one);
    CapSlot& a = put(one, &root);
    CapSlot& b = put(one, &root);
    CapSlot& a1 = put(two, &a);
    CapSlot& a2 = put(one, &a);
    one.drop(a);
    CHECK(children_of(root) == std::vector{&a1, &a2, &b});
    CHECK(object.references == 4);
}

TEST_CASE_FIXTURE(Tables, "the children of a dropped root stay, in a ring of their own") {
    CapSlot& root = put(one);
    CapSlot& a = put(two, &root);
    CapSlot& b = put(two, &root);
    one.drop(root);
    CHECK(a.siblings.next == &b.siblings);
    CHECK(b.siblings.next == &a.siblings);
    two.drop(a);
    CHECK(b.siblings.alone());
    CHECK(object.references == 1);
}

TEST_CASE_FIXTURE(Tables, "a slot used again has none of the old one's children") {
    CapSlot& root = put(one);
    put(one, &root);
    one.drop(root);
    for (std::uint32_t i = 0; i < exo::CapPage::slots; ++i) {
        CapSlot& fresh = put(one);
        CHECK(fresh.children.alone());
        CHECK(fresh.siblings.alone());
        one.drop(fresh);
    }
}

TEST_CASE_FIXTURE(Tables, "a moved capability keeps its parent, its children and its reference") {
    CapSlot& root = put(one);
    CapSlot& before = put(one, &root);
    CapSlot& moved = put(one, &root);
    CapSlot& child = put(one, &moved);
    const Handle old = moved.name;
    const Handle handle = one.move_to(two, **two.free_slot(), moved);
    CapSlot& here = **two.lookup_any(handle, Rights::all);
    CHECK(children_of(root) == std::vector{&before, &here});
    CHECK(children_of(here) == std::vector{&child});
    CHECK_FALSE(one.lookup_any(old, Rights::none));
    CHECK(object.references == 4);
    CHECK(one.used() == 3);
    CHECK(two.used() == 1);
}

TEST_CASE_FIXTURE(Tables, "a table grows by a page its account pays, and says when it cannot") {
    // Two of four pages are taken by the first pages of both.
    std::uint32_t count = 0;
    for (; one.free_slot(); ++count)
        put(one);
    CHECK(count == 3 * exo::CapPage::slots - lamina::slots::first_free);
    CHECK(one.free_slot().error() == Status::quota_exceeded);
    CHECK(one.page_count() == 3);
    CHECK(one.lookup_any(lamina::make_handle(3 * exo::CapPage::slots, 0), Rights::none).error() ==
          Status::bad_handle);
}

TEST_CASE_FIXTURE(Tables, "growth that was not made use of is undone, other pages are kept") {
    one.shrink();
    CHECK(one.page_count() == 1);
    for (std::uint32_t i = lamina::slots::first_free; i < exo::CapPage::slots; ++i)
        put(one);
    CHECK(one.page_count() == 1);
    REQUIRE(one.free_slot());
    CHECK(one.page_count() == 2);
    one.shrink();
    CHECK(one.page_count() == 1);
    CapSlot& on_second = put(one);
    CHECK(one.page_count() == 2);
    one.shrink();
    CHECK(one.page_count() == 2);
    one.drop(on_second);
    one.shrink();
    CHECK(one.page_count() == 2);
    CHECK(one.free_slot());
}

TEST_CASE_FIXTURE(Tables, "any order of derivations, drops and moves keeps a forest of all") {
    mutation::Random random(3);
    std::vector<CapSlot*> live;
    for (int step = 0; step < 20'000; ++step) {
        const auto action = random.below(10);
        if (live.empty() || (action < 5 && live.size() < 100)) {
            CapSlot* parent =
                live.empty() || action == 0 ? nullptr : live[random.below(live.size())];
            live.push_back(&put(random.below(2) == 0 ? one : two, parent));
            continue;
        }
        const std::size_t which = random.below(live.size());
        const bool in_one = one.at(live[which]->number) == live[which];
        CapTable& from = in_one ? one : two;
        if (action < 8) {
            from.drop(*live[which]);
            live.erase(live.begin() + long(which));
        } else {
            CapTable& to = in_one ? two : one;
            const Handle handle = from.move_to(to, **to.free_slot(), *live[which]);
            live[which] = *to.lookup_any(handle, Rights::none);
        }
        // Each is in exactly one ring of siblings, and every ring is whole.
        std::size_t children = 0;
        for (CapSlot* cap : live) {
            children += children_of(*cap).size();
            REQUIRE(cap->siblings.next->previous == &cap->siblings);
        }
        REQUIRE(children <= live.size());
        REQUIRE(object.references == live.size());
        REQUIRE(one.used() + two.used() == live.size());
    }
}
