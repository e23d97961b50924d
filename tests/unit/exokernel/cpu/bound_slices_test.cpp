// tests/unit/exokernel/cpu/bound_slices_test.cpp - several slices a vCPU, and moving it.
#include "exokernel/cpu/bound_slices.hpp"

#include "tests/unit/exokernel/cpu/cpu_world.hpp"

using exo::Slice;
using exo::Vcpu;
using exo::VcpuState;
using lamina::Status;

namespace {

using Fixture = CpuWorld;
struct TwoCpus : CpuWorld {
    TwoCpus() : CpuWorld(2) {}
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a vCPU with two slices gets two turns a round") {
    Vcpu& one = add();
    Vcpu& two = add();
    REQUIRE(exo::bind_slice(add_slice(), two));
    after(0);
    share(two, 300);
    CHECK(one.run_ns == 100 * ms);
    CHECK(two.run_ns == 200 * ms);
}

TEST_CASE_FIXTURE(Fixture, "turns are as long as their slices, whoever they belong to") {
    Vcpu& one = add();
    Vcpu& two = add();
    Slice& other = add_slice(40 * ms);
    REQUIRE(exo::bind_slice(other, two));
    after(0);
    share(two, 600);
    CHECK(one.run_ns == 100 * ms);
    CHECK(two.slice.used_ns == 100 * ms);
    CHECK(other.used_ns == 400 * ms);
    CHECK(two.run_ns == 500 * ms);
}

TEST_CASE_FIXTURE(Fixture, "a slice that is nobody's is never begun") {
    Vcpu& one = add();
    add_slice();
    after(0);
    for (int i = 0; i < 5; ++i)
        CHECK(at_timer() == &one);
    CHECK_FALSE(cpu().slices.others_ready(one.slice));
}

TEST_CASE_FIXTURE(Fixture, "all slices of a vCPU are skipped while it waits, and begun after") {
    Vcpu& one = add();
    Vcpu& two = add();
    REQUIRE(exo::bind_slice(add_slice(), two));
    CHECK(after(0) == &two);
    CHECK(wait(now + 50 * ms) == &one);
    for (int i = 0; i < 4; ++i)
        CHECK(at_timer() == &one);
    at_timer();
    CHECK(two.state == VcpuState::ready);
    const std::uint64_t before = two.run_ns;
    share(two, 300);
    CHECK(two.run_ns - before >= 190 * ms);
}

TEST_CASE_FIXTURE(Fixture, "a slice bound to one who waits is begun when it has been woken") {
    Vcpu& one = add();
    Vcpu& two = add(10 * ms, false);
    Slice& other = add_slice();
    REQUIRE(exo::bind_slice(other, two));
    after(0);
    for (int i = 0; i < 3; ++i)
        CHECK(at_timer() == &one);
    two.state = VcpuState::ready;
    exo::make_ready(two);
    share(two, 300);
    CHECK(other.used_ns >= 90 * ms);
}

TEST_CASE_FIXTURE(Fixture, "a vCPU has at most so many slices") {
    Vcpu& one = add();
    for (unsigned i = 1; i < exo::slices_per_vcpu_max; ++i)
        REQUIRE(exo::bind_slice(add_slice(), one));
    Slice& late = add_slice();
    CHECK(exo::bind_slice(late, one).error() == Status::limit_reached);
    CHECK(late.vcpu == nullptr);
    exo::unbind_slice(*one.slice.next->next);
    CHECK(exo::bind_slice(late, one));
}

TEST_CASE_FIXTURE(Fixture, "a slice taken away is skipped, and the others stay") {
    Vcpu& one = add();
    Vcpu& two = add();
    Slice& first = add_slice();
    Slice& second = add_slice();
    REQUIRE(exo::bind_slice(first, two));
    REQUIRE(exo::bind_slice(second, two));
    exo::unbind_slice(first);
    exo::unbind_slice(first);  // nobody's: nothing to do
    CHECK(two.slice.next == &second);
    CHECK(second.next == nullptr);
    after(0);
    share(two, 300);
    CHECK(first.used_ns == 0);
    CHECK(second.used_ns == 100 * ms);
    CHECK(one.run_ns == 100 * ms);
}

TEST_CASE_FIXTURE(Fixture, "who loses the slice it runs in is off the CPU at once") {
    Vcpu& one = add();
    Slice& other = add_slice();
    Vcpu& two = add(10 * ms, false);
    REQUIRE(exo::bind_slice(other, two));
    two.state = VcpuState::ready;
    exo::make_ready(two);
    CHECK(after(0) == &two);
    REQUIRE(cpu().slice == &other);
    now += 3 * ms;
    CHECK(having([&] { exo::unbind_slice(other); }) == &two);  // in the slice of its own
    CHECK(cpu().slice == &two.slice);
    CHECK(other.used_ns == 3 * ms);
    CHECK(two.run_ns == 3 * ms);
    CHECK(at_timer() == &one);
}

TEST_CASE_FIXTURE(Fixture, "who loses the slice it runs in is told that it was preempted") {
    Slice& other = add_slice();
    Vcpu& two = add();
    REQUIRE(exo::bind_slice(other, two));
    add();
    listen(two);
    after(0);
    while (cpu().slice != &other)
        at_timer(), two.area->disabled = 0;
    two.context.rip = 0x500;
    having([&] { exo::unbind_slice(other); });
    CHECK(two.context.rip == 0x1000);
}

TEST_CASE_FIXTURE(TwoCpus, "the CPU that uses a slice which is taken away elsewhere is told") {
    add(10 * ms, true, 0);
    Vcpu& far = add(10 * ms, true, 1);
    Slice& other = add_slice(20 * ms, 1);
    REQUIRE(exo::bind_slice(other, far));
    after(0, 0);
    after(0, 1);
    while (cpu(1).slice != &other)
        at_timer(1);
    now += 2 * ms;
    const unsigned before = interrupts[1];
    having([&] { exo::unbind_slice(other); }, 0);
    CHECK(interrupts[1] > before);
    CHECK(other.used_ns == 2 * ms);
    CHECK(after(0, 1) == &far);
    CHECK(cpu(1).slice == &far.slice);
}

TEST_CASE_FIXTURE(TwoCpus, "a slice that goes while its vCPU's call is worked on in it is left") {
    Vcpu& far = add(10 * ms, false, 1);
    Slice& other = add_slice(20 * ms, 1);
    REQUIRE(exo::bind_slice(other, far));
    far.state = VcpuState::in_call;
    cpu(1).slices.set_ready(other);
    int steps = 0;
    step = [&](Vcpu&) { return ++steps == 3; };
    meanwhile = [&] {
        if (steps == 1) exo::unbind_slice(other);
        far.state = VcpuState::ready;
        far.home->slices.set_ready(far.slice);
    };
    CHECK(after(0, 1) == &far);
    CHECK(cpu(1).slice == &far.slice);
}

TEST_CASE_FIXTURE(TwoCpus, "who is moved runs on the other CPU, and there only") {
    Vcpu& one = add(10 * ms, true, 0);
    Vcpu& two = add(10 * ms, true, 0);
    CHECK(after(0, 0) == &two);
    REQUIRE(exo::migrate(one, cpu(1)));
    CHECK(one.home == &cpu(1));
    CHECK(one.slice.home == &cpu(1));
    CHECK(interrupts[1] == 1);
    CHECK(after(0, 1) == &one);
    for (int i = 0; i < 3; ++i)
        CHECK(at_timer(0) == &two);
}

TEST_CASE_FIXTURE(TwoCpus, "who runs, or works in the kernel, or ends, is not moved") {
    Vcpu& one = add(10 * ms, true, 0);
    after(0, 0);
    CHECK(exo::migrate(one, cpu(1)).error() == Status::busy);
    one.state = VcpuState::in_call;
    cpu(0).running = nullptr;
    CHECK(exo::migrate(one, cpu(1)).error() == Status::busy);
    one.state = VcpuState::ending;
    CHECK(exo::migrate(one, cpu(1)).error() == Status::ended);
    CHECK(one.home == &cpu(0));
}

TEST_CASE_FIXTURE(TwoCpus, "who has other slices is not moved without being rid of them") {
    Vcpu& one = add(10 * ms, true, 0);
    Slice& other = add_slice(10 * ms, 0);
    REQUIRE(exo::bind_slice(other, one));
    CHECK(exo::migrate(one, cpu(1)).error() == Status::busy);
    exo::unbind_slice(other);
    CHECK(exo::migrate(one, cpu(1)));
}

TEST_CASE_FIXTURE(TwoCpus, "who waits is moved with its deadline") {
    Vcpu& one = add(10 * ms, true, 0);
    add(10 * ms, true, 0);
    CHECK(after(10 * ms, 0) != &one);
    at_timer(0);
    REQUIRE(cpu(0).running == &one);
    const std::uint64_t deadline = now + 5 * ms;
    wait(deadline, 0);
    const unsigned before = interrupts[1];
    having([&] { REQUIRE(exo::migrate(one, cpu(1))); }, 0);
    CHECK(interrupts[1] == before + 1);
    CHECK(cpu(0).deadlines.nearest() == lamina::wait_forever);
    CHECK(cpu(1).deadlines.nearest() == deadline);
    // Its state is still in the registers of the CPU it came from.
    meanwhile = [&] { one.loaded_on = nullptr; };
    CHECK(after(0, 1) == &one);
    CHECK(now >= deadline);
    CHECK(one.context.rax == std::uint64_t(Status::timed_out));
}

TEST_CASE_FIXTURE(TwoCpus, "a CPU that takes a vCPU over sets its timer for that one's deadline") {
    add(10 * ms, true, 0);
    Vcpu& one = add(10 * ms, true, 0);
    Vcpu& far = add(10 * ms, true, 1);
    REQUIRE(after(0, 0) == &one);
    REQUIRE(after(0, 1) == &far);
    const std::uint64_t deadline = now + 5 * ms;
    wait(deadline, 0);
    const auto take = [&] {
        cpu(1).must_dispatch = 0;
        REQUIRE(exo::migrate(one, cpu(1)));
        CHECK(cpu(1).must_dispatch != 0);  // or it goes back to its caller at once
    };
    CHECK(having(take, 1) == &far);
    CHECK(timer(1) == deadline);
}

TEST_CASE_FIXTURE(TwoCpus, "a CPU whose slices are all given takes nobody else") {
    Vcpu& one = add(10 * ms, false, 0);
    for (unsigned i = 0; i < exo::SliceVector::capacity; ++i)
        add_slice(10 * ms, 1);
    CHECK(exo::migrate(one, cpu(1)).error() == Status::limit_reached);
    CHECK(one.home == &cpu(0));
    CHECK(one.slice.vector == &cpu(0).slices);
}

TEST_CASE_FIXTURE(TwoCpus, "a CPU that halts since a vCPU lapsed is told of another slice for it") {
    Vcpu& far = add(10 * ms, true, 1);
    add(10 * ms, true, 0);
    after(0, 0);
    cpu(1).slices.set_lapsed(far.slice);
    const unsigned before = interrupts[1];
    having([&] { REQUIRE(exo::bind_slice(add_slice(10 * ms, 1), far)); }, 0);
    CHECK(interrupts[1] == before + 1);
    CHECK(after(0, 1) == &far);
}

TEST_CASE_FIXTURE(Fixture, "a CPU that halts is in no slice") {
    Vcpu& one = add();
    Vcpu& two = add(10 * ms, false);
    after(0);
    step = [](Vcpu& vcpu) {
        exo::detach_slice(vcpu.slice);
        return true;
    };
    meanwhile = [&] {
        CHECK(cpu().slice == nullptr);
        CHECK(cpu().running == nullptr);
        two.state = VcpuState::ready;
        exo::make_ready(two);
    };
    one.state = VcpuState::ending;
    CHECK(after(0) == &two);
    CHECK(halts == 1);
}
