// tests/unit/exokernel/cpu/own_section_test.cpp - a CPU's own section, and the kernel lock
#include "exokernel/lock/own_section.hpp"

#include "tests/unit/exokernel/cpu/cpu_world.hpp"

using exo::AddressSpace;
using exo::OwnSection;
using exo::Vcpu;

namespace {

/// Whether a CPU may enter its section.
bool may_enter(exo::CpuLocal& cpu) {
    if (!cpu.own.try_lock()) return false;
    cpu.own.unlock();
    return true;
}

}  // namespace

TEST_CASE("a section is open at first, and may be entered again and again") {
    OwnSection section;
    CHECK(section.try_lock());
    CHECK(section.is_inside());
    section.unlock();
    CHECK_FALSE(section.is_inside());
    CHECK(section.try_lock());
}

TEST_CASE("a closed section lets nobody in, and who tried is not inside") {
    OwnSection section;
    section.close(OwnSection::lock_held);
    CHECK_FALSE(section.try_lock());
    CHECK_FALSE(section.is_inside());
}

TEST_CASE("a section closed for two reasons opens with the second one gone") {
    OwnSection section;
    section.close(OwnSection::lock_held);
    section.close(OwnSection::not_alone);
    section.close(OwnSection::not_alone);
    section.open(OwnSection::lock_held);
    CHECK_FALSE(section.try_lock());
    section.open(OwnSection::not_alone);
    CHECK(section.try_lock());
}

TEST_CASE(
    "whoever has the kernel lock has closed the sections of all others, until it gives it back") {
    CpuWorld world(3);
    exo::lock_kernel();
    CHECK_FALSE(may_enter(world.cpu(1)));
    CHECK_FALSE(may_enter(world.cpu(2)));
    exo::unlock_kernel();
    CHECK(may_enter(world.cpu(0)));
    CHECK(may_enter(world.cpu(1)));
    CHECK(may_enter(world.cpu(2)));
}

TEST_CASE("taking the kernel lock waits until nobody is inside a section") {
    CpuWorld world(3);
    REQUIRE(world.cpu(1).own.try_lock());
    REQUIRE(world.cpu(2).own.try_lock());
    unsigned waits = 0;
    world.meanwhile = [&] {
        if (++waits == 5) world.cpu(2).own.unlock();
        if (waits == 9) world.cpu(1).own.unlock();
    };
    exo::lock_kernel();
    CHECK(waits == 9);
    exo::unlock_kernel();
}

TEST_CASE("on a machine of one CPU nobody closes its section") {
    CpuWorld world;
    exo::lock_kernel();
    CHECK(may_enter(world.cpu()));
    exo::unlock_kernel();
}

TEST_CASE("CPUs that have the same page tables loaded enter no section; one that is left does") {
    CpuWorld world(2);
    AddressSpace shared;
    AddressSpace other;
    Vcpu& here = world.add(10 * CpuWorld::ms, true, 0);
    Vcpu& there = world.add(10 * CpuWorld::ms, true, 1);
    Vcpu& next = world.add(10 * CpuWorld::ms, true, 1);
    here.space = there.space = &shared;
    next.space = &other;
    CHECK(world.after(0, 0) == &here);
    CHECK(may_enter(world.cpu(0)));
    CHECK(world.after(0, 1) == &next);
    CHECK(may_enter(world.cpu(0)));
    CHECK(may_enter(world.cpu(1)));
    CHECK(world.at_timer(1) == &there);
    CHECK_FALSE(may_enter(world.cpu(0)));
    CHECK_FALSE(may_enter(world.cpu(1)));
    CHECK(world.at_timer(1) == &next);
    CHECK(may_enter(world.cpu(0)));
    CHECK(may_enter(world.cpu(1)));
}
