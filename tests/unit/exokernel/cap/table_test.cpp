// tests/unit/exokernel/cap/table_test.cpp - CapTable: handles, generations, slots, references.
#include "exokernel/cap/table.hpp"

#include <map>
#include <memory>
#include <set>

#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/cap/counting.hpp"
#include "tests/unit/exokernel/machine.hpp"

using exo::Capability;
using exo::CapTable;
using exo::Handle;
using exo::Object;
using exo::ObjectType;
using exo::Rights;
using exo::Status;
using lamina::slots::first_free;

namespace {

Capability capability(Object& object, Rights rights = Rights::all) {
    Capability made;
    made.type = object.type;
    made.rights = rights;
    made.object = &object;
    return made;
}

struct Fixture {
    Fixture() { REQUIRE(table.create(payer)); }
    ~Fixture() {
        (void)table.drop_some(~0U);
        if (table.used() == 0) table.destroy();
    }

    Handle put(exo::CapSlot* slot, const Capability& given) {
        return table.insert(*slot, given, nullptr);
    }
    Handle put(std::uint32_t fixed, const Capability& given) {
        return put(*table.fixed_slot(fixed), given);
    }

    Object env{ObjectType::env, 0, 0};
    Object account{ObjectType::account, 0, 0};
    Object payer{ObjectType::account, CapTable::pages_max, 0};
    CapTable table{counting};

    std::uint32_t fill() {
        std::uint32_t count = 0;
        for (; table.free_slot(); ++count)
            (void)put(*table.free_slot(), capability(env));
        return count;
    }
};

Status status_of(const auto& result) { return result ? Status::ok : result.error(); }

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a handle names the capability that was inserted") {
    const Handle handle = put(*table.free_slot(), capability(env, Rights::read | Rights::end));
    const auto found = table.lookup(handle, ObjectType::env, Rights::read);
    REQUIRE(found);
    CHECK((*found)->object == &env);
    CHECK((*found)->rights == (Rights::read | Rights::end));
    CHECK(table.used() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a frames capability keeps its first page and its count") {
    Capability run = capability(env);
    run.type = ObjectType::frames;
    run.first = 77;
    run.count = 5;
    const auto found = table.lookup(put(*table.free_slot(), run), ObjectType::frames, Rights::none);
    REQUIRE(found);
    CHECK((*found)->first == 77);
    CHECK((*found)->count == 5);
}

TEST_CASE_FIXTURE(Fixture, "the null handle names nothing") {
    CHECK(status_of(table.lookup(Handle::null, ObjectType::env, Rights::none)) ==
          Status::bad_handle);
    fill();
    CHECK(status_of(table.lookup_any(Handle::null, Rights::none)) == Status::bad_handle);
}

TEST_CASE_FIXTURE(Fixture, "a handle of an empty slot is bad") {
    CHECK(status_of(table.lookup_any(lamina::make_handle(20, 0), Rights::none)) ==
          Status::bad_handle);
}

TEST_CASE_FIXTURE(Fixture, "a slot beyond the table is bad, also by one and at the maximum") {
    fill();
    for (std::uint32_t slot : {CapTable::capacity, CapTable::capacity + 1, 0xffffU})
        CHECK(status_of(table.lookup_any(lamina::make_handle(slot, 0), Rights::none)) ==
              Status::bad_handle);
    CHECK(status_of(table.lookup_any(lamina::make_handle(CapTable::capacity - 1, 0),
                                     Rights::none)) == Status::ok);
}

TEST_CASE_FIXTURE(Fixture, "a handle of another generation is bad") {
    const Handle handle = put(*table.free_slot(), capability(env));
    const Handle other = lamina::make_handle(lamina::handle_slot(handle), 1);
    CHECK(status_of(table.lookup_any(other, Rights::none)) == Status::bad_handle);
    CHECK(status_of(table.drop(other)) == Status::bad_handle);
    CHECK(table.used() == 1);
}

TEST_CASE_FIXTURE(Fixture, "another type of object is refused") {
    const Handle handle = put(*table.free_slot(), capability(env));
    CHECK(status_of(table.lookup(handle, ObjectType::account, Rights::none)) == Status::wrong_type);
}

TEST_CASE_FIXTURE(Fixture, "the type is checked before the rights") {
    const Handle handle = put(*table.free_slot(), capability(env, Rights::none));
    CHECK(status_of(table.lookup(handle, ObjectType::account, Rights::read)) == Status::wrong_type);
}

TEST_CASE_FIXTURE(Fixture, "every right is checked by itself") {
    for (std::uint32_t bit = 1; bit <= std::uint32_t(Rights::all); bit <<= 1) {
        const auto without = Rights(std::uint32_t(Rights::all) & ~bit);
        const Handle handle = put(*table.free_slot(), capability(env, without));
        CHECK(status_of(table.lookup(handle, ObjectType::env, Rights(bit))) ==
              Status::missing_right);
        CHECK(status_of(table.lookup_any(handle, Rights(bit))) == Status::missing_right);
        CHECK(status_of(table.lookup(handle, ObjectType::env, without)) == Status::ok);
    }
}

TEST_CASE_FIXTURE(Fixture, "of several rights needed none may be missing") {
    const Handle handle = put(*table.free_slot(), capability(env, Rights::read));
    CHECK(status_of(table.lookup_any(handle, Rights::read | Rights::copy)) ==
          Status::missing_right);
    CHECK(status_of(table.lookup_any(handle, Rights::read)) == Status::ok);
}

TEST_CASE_FIXTURE(Fixture, "insertion never takes a slot with a fixed meaning") {
    const std::uint32_t count = fill();
    CHECK(count == CapTable::capacity - first_free);
    for (std::uint32_t slot = 0; slot < first_free; ++slot)
        CHECK(status_of(table.lookup_any(lamina::make_handle(slot, 0), Rights::none)) ==
              Status::bad_handle);
}

TEST_CASE_FIXTURE(Fixture, "a full table says so") {
    CHECK(status_of(table.free_slot()) == Status::ok);
    fill();
    CHECK(status_of(table.free_slot()) == Status::table_full);
    CHECK(panic_of([&] {
              (void)put(table.at(50), capability(env));
          }).starts_with("panic: assertion"));
}

TEST_CASE_FIXTURE(Fixture, "one dropped slot makes room for one") {
    fill();
    REQUIRE(table.drop(lamina::make_handle(50, 0)));
    CHECK(status_of(table.free_slot()) == Status::ok);
    CHECK(put(*table.free_slot(), capability(account)) == lamina::make_handle(50, 1));
    CHECK(status_of(table.free_slot()) == Status::table_full);
}

TEST_CASE_FIXTURE(Fixture, "a stale handle does not name the slot's next capability") {
    fill();
    const Handle old = lamina::make_handle(50, 0);
    REQUIRE(table.drop(old));
    const Handle fresh = put(*table.free_slot(), capability(account));
    CHECK(lamina::handle_slot(fresh) == 50);
    CHECK(status_of(table.lookup_any(old, Rights::none)) == Status::bad_handle);
    CHECK(status_of(table.drop(old)) == Status::bad_handle);
    CHECK(status_of(table.lookup(fresh, ObjectType::account, Rights::none)) == Status::ok);
}

TEST_CASE_FIXTURE(Fixture, "a slot whose generations are used up is never used again") {
    const Handle first = put(5, capability(env));
    REQUIRE(table.drop(first));
    for (std::uint32_t generation = 1; generation < CapTable::generation_max; ++generation) {
        REQUIRE(table.fixed_slot(5));
        const Handle handle = put(5, capability(env));
        REQUIRE(lamina::handle_generation(handle) == generation);
        REQUIRE(table.drop(handle));
    }
    CHECK(status_of(table.fixed_slot(5)) == Status::slot_in_use);
    CHECK(status_of(table.lookup_any(first, Rights::none)) == Status::bad_handle);
}

TEST_CASE_FIXTURE(Fixture, "insertion passes by retired slots; when all are, the table is full") {
    fill();
    REQUIRE(table.drop(lamina::make_handle(30, 0)));
    REQUIRE(table.drop(lamina::make_handle(50, 0)));
    std::uint32_t inserted[2] = {};
    while (const auto slot = table.free_slot()) {
        ++inserted[(*slot)->number == 30];
        if (!table.drop(put(*slot, capability(env)))) FAIL("a fresh handle is bad");
    }
    CHECK(inserted[0] == CapTable::generation_max - 1);
    CHECK(inserted[1] == CapTable::generation_max - 1);
    CHECK(status_of(table.free_slot()) == Status::table_full);
}

TEST_CASE_FIXTURE(Fixture, "no handle is given out twice") {
    std::set<Handle> seen;
    for (int i = 0; i < 20'000; ++i) {
        const Handle handle = put(*table.free_slot(), capability(env));
        REQUIRE(seen.insert(handle).second);
        REQUIRE(table.drop(handle));
    }
}

TEST_CASE_FIXTURE(Fixture, "new capabilities go round the slots, so that generations last") {
    const Handle first = put(*table.free_slot(), capability(env));
    REQUIRE(table.drop(first));
    CHECK(lamina::handle_slot(put(*table.free_slot(), capability(env))) !=
          lamina::handle_slot(first));
}

TEST_CASE_FIXTURE(Fixture, "fixed slots are 1 to 15 and free only once") {
    CHECK(status_of(table.fixed_slot(0)) == Status::bad_argument);
    CHECK(status_of(table.fixed_slot(first_free)) == Status::bad_argument);
    CHECK(status_of(table.fixed_slot(~0U)) == Status::bad_argument);
    for (std::uint32_t slot = 1; slot < first_free; ++slot) {
        CHECK(status_of(table.fixed_slot(slot)) == Status::ok);
        CHECK(put(slot, capability(env)) == lamina::make_handle(slot, 0));
        CHECK(status_of(table.fixed_slot(slot)) == Status::slot_in_use);
    }
}

TEST_CASE_FIXTURE(Fixture, "a capability is never put over another") {
    (void)put(3, capability(env));
    CHECK_FALSE(panic_of([&] { (void)put(table.at(3), capability(account)); }).empty());
    CHECK(env.references == 1);
    CHECK(account.references == 0);
}

TEST_CASE_FIXTURE(Fixture, "insertion takes a reference and a drop gives it back") {
    const Handle one = put(*table.free_slot(), capability(env));
    const Handle two = put(7, capability(env));
    CHECK(env.references == 2);
    REQUIRE(table.drop(one));
    CHECK(env.references == 1);
    REQUIRE(table.drop(two));
    CHECK(env.references == 0);
    CHECK(table.used() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a capability that is not counted takes no reference") {
    Capability self = capability(env);
    self.counted = false;
    const Handle handle = put(1, self);
    CHECK(env.references == 0);
    REQUIRE(table.drop(handle));
    CHECK(env.references == 0);
}

TEST_CASE_FIXTURE(Fixture, "a slot is free before its object is released") {
    // Releasing may free the object, and with it whatever else it held.
    static CapTable* seen_table;
    static std::uint32_t used_at_release;
    const exo::CapOps watching = {[](Object&) { used_at_release = seen_table->used(); },
                                  counting.alloc_page, counting.free_page};
    CapTable watched(watching);
    REQUIRE(watched.create(payer));
    seen_table = &watched;
    used_at_release = 99;
    REQUIRE(watched.drop(watched.insert(**watched.free_slot(), capability(env), nullptr)));
    CHECK(used_at_release == 0);
    watched.destroy();
}

TEST_CASE_FIXTURE(Fixture, "dropping all goes in bounded steps and says when nothing is left") {
    const std::uint32_t count = fill();
    (void)put(1, capability(account));
    std::uint32_t steps = 0;
    std::uint32_t before = table.used();
    CHECK(before == count + 1);
    while (!table.drop_some(16)) {
        CHECK(before - table.used() <= 16);
        before = table.used();
        ++steps;
    }
    CHECK(table.used() == 0);
    CHECK(steps == CapTable::capacity / 16 - 1);
    CHECK(env.references == 0);
    CHECK(account.references == 0);
}

TEST_CASE_FIXTURE(Fixture, "dropping all of an empty table is done at once") {
    CHECK(table.drop_some(1));
    (void)put(*table.free_slot(), capability(env));
    CHECK_FALSE(table.drop_some(0));
    CHECK(table.used() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a table does what a map from handles to objects does") {
    mutation::Random random(11);
    std::map<Handle, Object*> model;
    for (int step = 0; step < 40'000; ++step) {
        Object& object = random.below(2) == 0 ? env : account;
        if (random.below(100) < 55) {
            if (model.size() == CapTable::capacity - first_free) {
                REQUIRE(status_of(table.free_slot()) == Status::table_full);
                continue;
            }
            const Handle handle = put(*table.free_slot(), capability(object));
            REQUIRE(model.emplace(handle, &object).second);
        } else if (!model.empty()) {
            const auto victim = std::next(model.begin(), long(random.below(model.size())));
            REQUIRE(table.drop(victim->first));
            REQUIRE_FALSE(table.lookup_any(victim->first, Rights::none));
            model.erase(victim);
        }
        REQUIRE(table.used() == model.size());
        REQUIRE(env.references + account.references == model.size());
    }
    for (const auto& [handle, object] : model)
        CHECK((*table.lookup_any(handle, Rights::none))->object == object);
}

TEST_CASE_FIXTURE(Fixture, "what was found before is found again as long as it has its handle") {
    auto again = [&](std::uint64_t handle) {
        return table.find_again(table.recent_gate, handle, ObjectType::env, Rights::end);
    };
    const Handle first = put(*table.free_slot(), capability(env));
    const Handle weak = put(*table.free_slot(), capability(env, Rights::copy));
    const Handle other = put(*table.free_slot(), capability(account));
    exo::CapSlot* const found = *table.lookup(first, ObjectType::env, Rights::end);
    for (int i = 0; i < 2; ++i) {
        CHECK(again(std::uint64_t(first)) == found);
        CHECK(table.recent_gate.slot == found);
        const std::uint64_t wrongs[] = {std::uint64_t(weak),
                                        std::uint64_t(other),
                                        0,
                                        1,
                                        std::uint64_t(first) + 1,
                                        std::uint64_t(first) | 1ULL << 32,
                                        ~0ULL};
        for (const std::uint64_t wrong : wrongs)
            CHECK(again(wrong) == nullptr);
    }
    REQUIRE(table.drop(first));
    CHECK(again(std::uint64_t(first)) == nullptr);
    (void)table.insert(*found, capability(env), nullptr);
    CHECK(again(std::uint64_t(first)) == nullptr);
    CHECK(again(std::uint64_t(found->name)) == found);
}

TEST_CASE_FIXTURE(Fixture, "no register is what a table without calls has found before") {
    for (const std::uint64_t handle : {0ULL, 1ULL, 1ULL << 32, 1ULL << 32 | 1, ~0ULL})
        CHECK(table.find_again(table.recent_vcpu, handle, ObjectType::env, Rights::none) ==
              nullptr);
}
