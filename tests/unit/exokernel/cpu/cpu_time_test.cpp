// tests/unit/exokernel/cpu/cpu_time_test.cpp - who pays for slices and for time, and who has none.
#include "exokernel/cpu/bound_slices.hpp"
#include "tests/unit/exokernel/cpu/cpu_world.hpp"

using exo::Vcpu;
using exo::VcpuState;
using lamina::Status;

namespace {

struct Fixture : CpuWorld {
    /// An account made from the one before, without bounds.
    exo::Account& below(exo::Account& parent) {
        accounts.push_back(std::make_unique<exo::Account>());
        accounts.back()->parent = &parent;
        return *accounts.back();
    }
    /// Lets somebody else pay for a vCPU.
    static void charge_to(exo::Account& account, Vcpu& vcpu) {
        exo::detach_slice(vcpu.slice);
        exo::attach_slice(vcpu.slice, account, *vcpu.home);
        exo::make_ready(vcpu);
    }
    void bound_time(exo::Account& account, std::uint64_t time_ns) {
        account.bounds_time = true;
        account.time_left_ns = time_ns;
        account.time_told = &note;
        account.time_bits = 0b100;
    }
    std::vector<std::unique_ptr<exo::Account>> accounts;
    exo::Notification note = {};
};

/// Two vCPUs, the second at the expense of an account of its own.
struct Pair : Fixture {
    Pair() { charge_to(child, two); }

    Vcpu& one = add();
    Vcpu& two = add();
    exo::Account& child = below(payer);
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "slices are counted where they are paid for and above") {
    exo::Account& child = below(payer);
    exo::Account& grandchild = below(child);
    Vcpu& one = add(10 * ms, false);
    Vcpu& two = add(10 * ms, false);
    CHECK(payer.slices_used == 2);
    charge_to(grandchild, two);
    CHECK(payer.slices_used == 2);
    CHECK(child.slices_used == 1);
    CHECK(grandchild.slices_used == 1);
    exo::detach_slice(one.slice);
    exo::detach_slice(two.slice);
    CHECK(payer.slices_used + child.slices_used + grandchild.slices_used == 0);
}

TEST_CASE_FIXTURE(Fixture, "the quota of slices of every account above holds") {
    exo::Account& child = below(payer);
    exo::Account& grandchild = below(child);
    CHECK(exo::check_slice(grandchild, cpu()));
    child.bounds_slices = true;
    child.slices_max = 1;
    CHECK(exo::check_slice(grandchild, cpu()));
    charge_to(child, add(10 * ms, false));
    CHECK(exo::check_slice(grandchild, cpu()).error() == Status::quota_exceeded);
    CHECK(exo::check_slice(payer, cpu()));
}

TEST_CASE_FIXTURE(Pair, "who has used its account's time up is not run any more; others are") {
    bound_time(child, 25 * ms);
    after(0);
    share(one, 200);
    CHECK(two.run_ns == 25 * ms);
    CHECK(child.time_left_ns == 0);
    CHECK(note.bits == 0b100);
    CHECK(one.run_ns >= 175 * ms);
}

TEST_CASE_FIXTURE(Fixture, "who is alone and has used its time up leaves the CPU idle") {
    Vcpu& one = add();
    bound_time(payer, 25 * ms);
    meanwhile = [&] {
        payer.time_left_ns = 5 * ms;
        cpu().slices.resume_lapsed();
    };
    after(0);
    at_timer();
    at_timer();
    CHECK(one.run_ns == 20 * ms);
    CHECK(halts == 0);
    CHECK(at_timer() == &one);
    CHECK(halts == 1);
    CHECK(one.run_ns == 25 * ms);
    CHECK(timer() == now + 5 * ms);
}

TEST_CASE_FIXTURE(Fixture, "the time of an account is that of all below it") {
    Vcpu& one = add();
    Vcpu& two = add();
    Vcpu& three = add();
    exo::Account& child = below(payer);
    charge_to(child, two);
    charge_to(below(child), three);
    bound_time(child, 60 * ms);
    after(0);
    share(one, 300);
    CHECK(two.run_ns == 30 * ms);
    CHECK(three.run_ns == 30 * ms);
}

TEST_CASE_FIXTURE(Fixture, "that no time is left is told once") {
    Vcpu& one = add();
    bound_time(payer, 10 * ms);
    listen(one);
    after(0);
    CHECK(at_timer() == &one);  // it says goodbye in its grace
    CHECK(note.bits == 0b100);
    note.bits = 0;
    meanwhile = [&] {
        CHECK(note.bits == 0);
        payer.time_left_ns = 5 * ms;
        cpu().slices.resume_lapsed();
    };
    at_timer();
    CHECK(halts == 1);
    CHECK(one.run_ns > 10 * ms);
}

TEST_CASE_FIXTURE(Pair, "new time makes who had lapsed ready again") {
    bound_time(child, 10 * ms);
    after(0);
    share(one, 100);
    CHECK(two.run_ns == 10 * ms);
    child.time_left_ns = 15 * ms;
    CHECK(cpu().slices.resume_lapsed());
    CHECK_FALSE(cpu().slices.resume_lapsed());
    share(one, 100);
    CHECK(two.run_ns == 25 * ms);
}

TEST_CASE_FIXTURE(Pair, "who is woken without time lapses again") {
    bound_time(child, 10 * ms);
    after(0);
    share(one, 50);
    exo::make_ready(two);
    for (int i = 0; i < 4; ++i)
        CHECK(at_timer() == &one);
    CHECK(cpu().slices.wanted(two.slice));
    CHECK_FALSE(cpu().slices.others_ready(one.slice));
}

TEST_CASE_FIXTURE(Pair, "who lapsed and then waits does not run on new time alone") {
    bound_time(child, 10 * ms);
    after(0);
    share(one, 50);
    exo::make_waiting(two, lamina::wait_forever);
    child.time_left_ns = 100 * ms;
    cpu().slices.resume_lapsed();
    for (int i = 0; i < 4; ++i)
        CHECK(at_timer() == &one);
}

TEST_CASE_FIXTURE(Pair, "who ends is taken down though its time is used up") {
    bound_time(child, 10 * ms);
    after(0);
    share(one, 50);
    bool down = false;
    step = [&](Vcpu& vcpu) {
        exo::detach_slice(vcpu.slice);
        return down = true;
    };
    two.state = VcpuState::ending;
    exo::make_ready(two);
    at_timer();
    CHECK(down);
}

TEST_CASE_FIXTURE(Pair, "long calls use the time of who makes them") {
    bound_time(child, 35 * ms);
    CHECK(after(0) == &two);
    step = [](Vcpu&) { return false; };
    CHECK(having([&] {
              two.state = VcpuState::in_call;
              cpu().must_dispatch = 1;
          }) == &one);
    share(one, 200);
    CHECK(child.time_left_ns == 0);
    CHECK(two.run_ns == 35 * ms);
}

TEST_CASE_FIXTURE(Pair, "a slice is used at the expense of who pays for it") {
    bound_time(child, 10 * ms);
    REQUIRE(exo::bind_slice(add_slice(), two));  // the parent's
    after(0);
    share(one, 200);
    CHECK(two.slice.used_ns == 10 * ms);
    CHECK(two.run_ns >= 90 * ms);
}
