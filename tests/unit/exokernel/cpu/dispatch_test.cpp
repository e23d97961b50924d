// tests/unit/exokernel/cpu/dispatch_test.cpp - dispatch: who runs when, and for how long.
#include "exokernel/cpu/dispatch.hpp"

#include "tests/unit/exokernel/cpu/cpu_world.hpp"

using exo::Vcpu;
using exo::VcpuState;
using lamina::grace_ns;
using lamina::wait_forever;

namespace {

struct Fixture : CpuWorld {};
struct TwoCpus : CpuWorld {
    TwoCpus() : CpuWorld(2) {}
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "who is in its slice goes on after an interrupt") {
    Vcpu& one = add();
    add();
    Vcpu* runs = after(0);
    for (int i = 0; i < 9; ++i)
        CHECK(after(ms) == runs);
    CHECK(one.home == &cpu());
}

TEST_CASE_FIXTURE(Fixture, "a slice ends after its length, and the next in order begins") {
    Vcpu& one = add();
    Vcpu& two = add();
    Vcpu& three = add();
    Vcpu* order[] = {&two, &three, &one};  // position 0 is where it comes from
    for (int i = 0; i < 9; ++i) {
        const std::uint64_t began = now;
        CHECK(after(0) == order[i % 3]);
        CHECK(timer() == began + 10 * ms);
        at_timer();
        CHECK(now == began + 10 * ms);
    }
}

TEST_CASE_FIXTURE(Fixture, "slices of 1, 10 and 100 ms are as long as they say") {
    add(1 * ms);
    add(10 * ms);
    add(100 * ms);
    after(0);
    for (int i = 0; i < 12; ++i) {
        const Vcpu& runs = *cpu().running;
        const std::uint64_t began = now;
        at_timer();
        CHECK(now - began == runs.slice.length_ns);
    }
}

TEST_CASE_FIXTURE(Fixture, "the shares of those who never wait are as their slices' lengths") {
    Vcpu& small = add(1 * ms);
    Vcpu& middle = add(10 * ms);
    Vcpu& large = add(100 * ms);
    after(0);
    share(small, 1110);
    CHECK(small.run_ns == 10 * ms);
    CHECK(middle.run_ns == 100 * ms);
    CHECK(large.run_ns == 1000 * ms);
}

TEST_CASE_FIXTURE(Fixture, "who is alone keeps the CPU, slice after slice, without a switch") {
    Vcpu& one = add();
    add(ms, false);
    after(0);
    const std::uint64_t switches = cpu().switches;
    for (int i = 0; i < 5; ++i)
        CHECK(at_timer() == &one);
    CHECK(cpu().switches == switches);
    CHECK(one.run_ns == 50 * ms);
}

TEST_CASE_FIXTURE(Fixture, "who is woken gets its turn when the slice that is going on is over") {
    Vcpu& one = add();
    Vcpu& two = add(10 * ms, false);
    CHECK(after(0) == &one);
    two.state = VcpuState::ready;
    CHECK(having([&] { exo::make_ready(two); }) == &one);
    CHECK(after(9 * ms) == &one);
    CHECK(after(1 * ms) == &two);
}

TEST_CASE_FIXTURE(Fixture, "who waits gives the rest of its slice up") {
    Vcpu& one = add();
    Vcpu& two = add();
    CHECK(after(0) == &two);
    now += 3 * ms;
    CHECK(wait() == &one);
    CHECK(two.run_ns == 3 * ms);
    CHECK(timer() == now + 10 * ms);
}

TEST_CASE_FIXTURE(Fixture, "who yields loses the rest of its slice, and nothing more") {
    Vcpu& one = add();
    Vcpu& two = add();
    CHECK(after(0) == &two);
    now += ms;
    CHECK(having([] { exo::yield_slice(); }) == &one);
    at_timer();
    CHECK(cpu().running == &two);
    CHECK(timer() == now + 10 * ms);
}

TEST_CASE_FIXTURE(Fixture, "who yields alone goes on at once, in a new slice") {
    Vcpu& one = add();
    after(4 * ms);
    CHECK(having([] { exo::yield_slice(); }) == &one);
    CHECK(timer() == now + 10 * ms);
}

TEST_CASE_FIXTURE(Fixture, "a CPU with nobody ready halts until the nearest deadline") {
    Vcpu& one = add();
    after(0);
    const std::uint64_t deadline = now + 25 * ms;
    CHECK(wait(deadline) == &one);
    CHECK(halts == 1);
    CHECK(now == deadline);
    CHECK(one.context.rax == std::uint64_t(lamina::Status::timed_out));
    CHECK(cpu().idle_ns == 25 * ms);
    CHECK(one.run_ns == 0);
}

TEST_CASE_FIXTURE(Fixture, "deadlines end waits in their order, on time, whoever runs") {
    Vcpu& one = add();
    Vcpu& two = add();
    Vcpu& three = add();
    CHECK(after(0) == &two);
    const std::uint64_t start = now;
    CHECK(wait(start + 7 * ms) == &three);
    CHECK(wait(start + 3 * ms) == &one);
    CHECK(timer() == start + 3 * ms);
    CHECK(at_timer() == &one);
    CHECK(three.state == VcpuState::ready);
    CHECK(two.state == VcpuState::waiting);
    CHECK(timer() == start + 7 * ms);
    CHECK(at_timer() == &one);
    CHECK(two.state == VcpuState::ready);
    CHECK(timer() == start + 10 * ms);
}

TEST_CASE_FIXTURE(Fixture, "the timer is set once for a slice, not at every interrupt") {
    add();
    add();
    after(0);
    const std::uint64_t armed = timer();
    for (int i = 0; i < 5; ++i) {
        after(ms);
        CHECK(timer() == armed);
    }
}

TEST_CASE_FIXTURE(Fixture, "who has an entry for it is told that its slice is over, with grace") {
    add();
    Vcpu& two = add();
    listen(two);
    CHECK(after(0) == &two);
    CHECK(after(10 * ms) == &two);
    CHECK(two.context.rip == 0x3000);
    CHECK(timer() == now + grace_ns);
    CHECK(at_timer() != &two);
    CHECK(two.run_ns == 10 * ms + grace_ns);
}

TEST_CASE_FIXTURE(Fixture, "the grace is given once a slice") {
    add();
    Vcpu& two = add();
    listen(two);
    after(0);
    after(10 * ms);
    two.area->disabled = 0;
    two.context.rip = 0x500;
    CHECK(after(grace_ns / 2) == &two);
    CHECK(two.context.rip == 0x500);
    CHECK(after(grace_ns / 2) != &two);
}

TEST_CASE_FIXTURE(Fixture, "who is told and waits in its grace owes only what it used") {
    Vcpu& one = add();
    Vcpu& two = add();
    listen(two);
    after(0);
    after(10 * ms);
    now += grace_ns / 4;
    CHECK(wait() == &one);
    CHECK(two.slice.excess_ns == grace_ns / 4);
}

TEST_CASE_FIXTURE(Fixture, "what was used after the end of a slice shortens the next one") {
    add();
    Vcpu& two = add();
    listen(two);
    after(0);
    after(10 * ms);
    at_timer();
    CHECK(two.slice.excess_ns == grace_ns);
    at_timer();
    CHECK(cpu().running == &two);
    CHECK(timer() == now + 10 * ms - grace_ns);
    CHECK(two.slice.excess_ns == 0);
}

TEST_CASE_FIXTURE(Fixture, "too much is worked off in as many turns as it takes") {
    Vcpu& one = add();
    Vcpu& two = add();
    CHECK(after(0) == &two);
    CHECK(after(35 * ms) == &one);  // its CPU was busy with interrupts
    CHECK(two.slice.excess_ns == 25 * ms);
    CHECK(at_timer() == &one);  // two's turn passes
    CHECK(two.slice.excess_ns == 15 * ms);
    CHECK(at_timer() == &one);
    CHECK(at_timer() == &two);
    CHECK(timer() == now + 5 * ms);
    CHECK(one.run_ns == 30 * ms);
}

TEST_CASE_FIXTURE(Fixture, "the shares come out right whoever overruns") {
    add(10 * ms);
    Vcpu& greedy = add(10 * ms);
    Vcpu& modest = add(20 * ms);
    listen(greedy);
    after(0);
    share(greedy, 4000);
    CHECK(greedy.run_ns >= 998 * ms);
    CHECK(greedy.run_ns <= 1002 * ms);
    CHECK(modest.run_ns >= 1998 * ms);
}

TEST_CASE_FIXTURE(Fixture, "a call of several steps is done in its caller's slices") {
    Vcpu& one = add();
    Vcpu& two = add();
    CHECK(after(0) == &two);
    int steps = 0;
    step = [&](Vcpu& vcpu) {
        CHECK(&vcpu == &two);
        if (++steps < 30) return false;
        vcpu.state = VcpuState::ready;
        return true;
    };
    CHECK(having([&] {
              two.state = VcpuState::in_call;
              cpu().must_dispatch = 1;
          }) == &one);
    CHECK(steps == 0);
    CHECK(at_timer() == &one);  // 20 steps of half a millisecond were made between
    CHECK(steps == 20);
    CHECK(at_timer() == &two);
    CHECK(steps == 30);
    CHECK(timer() == now + 10 * ms - 10 * step_ns + step_ns);
}

TEST_CASE_FIXTURE(Fixture, "an ending vCPU's slices are used to take it down; it never runs") {
    Vcpu& one = add();
    Vcpu& two = add();
    CHECK(after(0) == &two);
    int steps = 0;
    step = [&](Vcpu& vcpu) {
        if (++steps < 5) return false;
        exo::detach_slice(vcpu.slice);
        return true;
    };
    two.state = VcpuState::ending;
    CHECK(after(0) == &one);
    CHECK(at_timer() == &one);
    CHECK(steps == 5);
    CHECK(at_timer() == &one);
    CHECK(steps == 5);
}

TEST_CASE_FIXTURE(TwoCpus, "each CPU goes round its own slices") {
    Vcpu& one = add(10 * ms, true, 0);
    Vcpu& two = add(10 * ms, true, 1);
    CHECK(after(0, 0) == &one);
    CHECK(after(0, 1) == &two);
    CHECK(at_timer(0) == &one);
    CHECK(at_timer(1) == &two);
}

TEST_CASE_FIXTURE(TwoCpus, "a CPU is told of who becomes ready there, others are not") {
    add(10 * ms, true, 0);
    Vcpu& far = add(10 * ms, false, 1);
    after(0, 0);
    far.state = VcpuState::ready;
    const unsigned before = interrupts[1];
    having([&] { exo::make_ready(far); }, 0);
    CHECK(interrupts[1] == before + 1);
    CHECK(interrupts[0] == 0);
}

TEST_CASE_FIXTURE(TwoCpus, "a CPU that halts runs who is made ready while it does") {
    add(10 * ms, true, 0);
    Vcpu& far = add(10 * ms, false, 1);
    meanwhile = [&] {
        far.state = VcpuState::ready;
        far.home->slices.set_ready(far.slice);
    };
    CHECK(after(0, 1) == &far);
    CHECK(halts == 1);
}
