// tests/unit/exokernel/cpu/upcall_test.cpp - upcalls: what is saved where, and where a vCPU goes
// on.
#include "exokernel/cpu/upcall.hpp"

#include "doctest/doctest.h"
#include "tests/unit/exokernel/machine.hpp"

using exo::Vcpu;
using lamina::VcpuArea;

namespace {

constexpr std::uint64_t where = 0x40'1000;

/// A vCPU with a bound area, enabled, somewhere in its program.
struct Fixture {
    Fixture() {
        vcpu.area = &area;
        vcpu.entries = {0x1000, 0x2000, 0x3000, 0x4000, 0x8000, 0x5000, 0x5010};
        std::uint64_t value = 1;
        for (std::uint64_t* reg = &vcpu.context.rax; reg <= &vcpu.context.r15; ++reg)
            *reg = value++;
        vcpu.context.rip = where;
        vcpu.context.rsp = 0x7000;
        vcpu.context.rflags = 0x244fd7;
    }
    bool saved() const {
        const auto& to = area.enabled;
        return to.rax == 1 && to.rbx == 2 && to.rcx == 3 && to.rdx == 4 && to.rsi == 5 &&
               to.rdi == 6 && to.rbp == 7 && to.r8 == 8 && to.r9 == 9 && to.r10 == 10 &&
               to.r11 == 11 && to.r12 == 12 && to.r13 == 13 && to.r14 == 14 && to.r15 == 15 &&
               to.rip == where && to.rsp == 0x7000 && to.rflags == 0x244fd7;
    }
    bool entered(std::uint64_t entry) const {
        return vcpu.context.rip == entry && vcpu.context.rsp == 0x8000 &&
               vcpu.context.rflags == 0x202 && area.disabled == 1;
    }
    bool goes_on_as_it_was() const {
        return vcpu.context.rip == where && vcpu.context.rsp == 0x7000 && !saved();
    }

    VcpuArea area = {};
    Vcpu vcpu = {};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "preempted while enabled, a vCPU's state is in its area and it will run") {
    exo::upcall_preempted(vcpu);
    CHECK(saved());
    CHECK(entered(0x1000));
}

TEST_CASE_FIXTURE(Fixture, "preempted while disabled, a vCPU is resumed exactly") {
    area.disabled = 1;
    exo::upcall_preempted(vcpu);
    CHECK(goes_on_as_it_was());
}

TEST_CASE_FIXTURE(Fixture, "without a run entry, or an area, a preempted vCPU is resumed exactly") {
    vcpu.entries.run = 0;
    exo::upcall_preempted(vcpu);
    CHECK(goes_on_as_it_was());
    vcpu.entries.run = 0x1000;
    vcpu.area = nullptr;
    exo::upcall_preempted(vcpu);
    CHECK(goes_on_as_it_was());
}

TEST_CASE_FIXTURE(Fixture, "the end of a slice is told to an enabled vCPU first") {
    CHECK(exo::upcall_slice_end(vcpu));
    CHECK(saved());
    CHECK(entered(0x3000));
    CHECK(area.pending == 0);
}

TEST_CASE_FIXTURE(Fixture, "the end of a slice is left pending for a disabled vCPU") {
    area.disabled = 1;
    area.pending = 0x100;
    CHECK_FALSE(exo::upcall_slice_end(vcpu));
    CHECK(area.pending == (0x100 | lamina::pending_slice_end));
    CHECK(goes_on_as_it_was());
}

TEST_CASE_FIXTURE(Fixture, "nobody is told of the end of a slice who has no entry for it") {
    vcpu.entries.slice_end = 0;
    CHECK_FALSE(exo::upcall_slice_end(vcpu));
    vcpu.entries = {};
    vcpu.area = nullptr;
    CHECK_FALSE(exo::upcall_slice_end(vcpu));
    CHECK(area.pending == 0);
    CHECK(goes_on_as_it_was());
}

TEST_CASE_FIXTURE(Fixture, "a request for memory comes at its entry, once") {
    vcpu.entries.reclaim = 0x6000;
    vcpu.asked_frames = 7;
    vcpu.upcalls_due = lamina::pending_reclaim;
    vcpu.asked_deadline_ns = 99;
    exo::upcalls_due(vcpu);
    CHECK(saved());
    CHECK(entered(0x6000));
    CHECK(area.reclaim_frames == 7);
    CHECK(area.reclaim_deadline_ns == 99);
    CHECK(area.pending == 0);
    CHECK(vcpu.upcalls_due == 0);
}

TEST_CASE_FIXTURE(Fixture, "a request for memory is left pending for a disabled vCPU") {
    vcpu.entries.reclaim = 0x6000;
    vcpu.asked_frames = 7;
    vcpu.upcalls_due = lamina::pending_reclaim;
    area.disabled = 1;
    area.pending = 0x100;
    exo::upcalls_due(vcpu);
    CHECK(area.pending == (0x100 | lamina::pending_reclaim));
    CHECK(area.reclaim_frames == 7);
    CHECK(goes_on_as_it_was());
}

TEST_CASE_FIXTURE(Fixture, "nobody is asked for memory who has no entry for it") {
    vcpu.asked_frames = 7;
    vcpu.upcalls_due = lamina::pending_reclaim;
    exo::upcalls_due(vcpu);
    vcpu.entries.reclaim = 0x6000;
    vcpu.asked_frames = 7;
    vcpu.upcalls_due = lamina::pending_reclaim;
    vcpu.entries = {};
    vcpu.area = nullptr;
    exo::upcalls_due(vcpu);
    CHECK(vcpu.upcalls_due == 0);
    CHECK(area.pending == 0);
    CHECK(goes_on_as_it_was());
}

TEST_CASE_FIXTURE(Fixture, "a timer that has come due comes at its entry, once") {
    vcpu.entries.timer = 0x7000;
    vcpu.upcalls_due = lamina::pending_timer;
    exo::upcalls_due(vcpu);
    CHECK(saved());
    CHECK(entered(0x7000));
    CHECK(area.pending == 0);
    CHECK(vcpu.upcalls_due == 0);
}

TEST_CASE_FIXTURE(Fixture, "a timer is left pending for a disabled vCPU, and told to nobody else") {
    vcpu.entries.timer = 0x7000;
    vcpu.upcalls_due = lamina::pending_timer;
    area.disabled = 1;
    exo::upcalls_due(vcpu);
    CHECK(area.pending == lamina::pending_timer);
    area.pending = 0;
    vcpu.entries.timer = 0;
    vcpu.upcalls_due = lamina::pending_timer;
    exo::upcalls_due(vcpu);
    CHECK(vcpu.upcalls_due == 0);
    CHECK(area.pending == 0);
    CHECK(goes_on_as_it_was());
}

TEST_CASE_FIXTURE(Fixture, "bits of a notification are told of at their entry, or left pending") {
    vcpu.entries.notified = 0x9000;
    vcpu.upcalls_due = lamina::pending_notification;
    area.disabled = 1;
    exo::upcalls_due(vcpu);
    CHECK(area.pending == lamina::pending_notification);
    CHECK(goes_on_as_it_was());
    area.disabled = area.pending = 0;
    vcpu.upcalls_due = lamina::pending_notification;
    exo::upcalls_due(vcpu);
    CHECK(saved());
    CHECK(entered(0x9000));
    CHECK(area.pending == 0);
    CHECK(vcpu.upcalls_due == 0);
}

TEST_CASE_FIXTURE(Fixture, "an upcall becomes due beside others; only who runs here dispatches") {
    exo::CpuLocal here;
    here.self = &here;
    exo::arch::host_cpu_local = &here;
    exo::make_upcall_due(vcpu, lamina::pending_timer);
    exo::make_upcall_due(vcpu, lamina::pending_reclaim);
    CHECK(vcpu.upcalls_due == (lamina::pending_timer | lamina::pending_reclaim));
    CHECK(here.must_dispatch == 0);
    here.running = &vcpu;
    exo::make_upcall_due(vcpu, lamina::pending_timer);
    CHECK(here.must_dispatch == 1);
    exo::arch::host_cpu_local = nullptr;
}

TEST_CASE_FIXTURE(Fixture, "of two upcalls that are due one comes and one is left pending") {
    vcpu.entries.reclaim = 0x6000;
    vcpu.entries.timer = 0x7000;
    vcpu.upcalls_due = lamina::pending_timer | lamina::pending_reclaim;
    exo::upcalls_due(vcpu);
    CHECK(saved());
    CHECK(entered(0x6000));
    CHECK(area.pending == lamina::pending_timer);
}

TEST_CASE_FIXTURE(Fixture, "inside the resume range a vCPU goes back to its start, disabled") {
    for (const std::uint64_t rip : {0x5000U, 0x5001U, 0x500fU}) {
        area.disabled = 0;
        vcpu.context.rip = rip;
        exo::restart_resume_range(vcpu);
        CHECK(vcpu.context.rip == 0x5000);
        CHECK(area.disabled == 1);
    }
}

TEST_CASE_FIXTURE(Fixture, "outside the resume range nothing is restarted") {
    for (const std::uint64_t rip : {0x4fffULL, 0x5010ULL, 0ULL, ~0ULL}) {
        vcpu.context.rip = rip;
        exo::restart_resume_range(vcpu);
        CHECK(vcpu.context.rip == rip);
        CHECK(area.disabled == 0);
    }
    vcpu.area = nullptr;
    vcpu.context.rip = 0x5004;
    exo::restart_resume_range(vcpu);
    CHECK(vcpu.context.rip == 0x5004);
}

TEST_CASE_FIXTURE(Fixture, "the entry code finds the vCPU's area and entries") {
    exo::show_upcalls(vcpu);
    const exo::UpcallWords& shown = vcpu.context.upcalls;
    CHECK(shown.area == &area);
    CHECK(shown.trap == 0x2000);
    CHECK(shown.foreign == 0x4000);
    CHECK(shown.stack == 0x8000);
    CHECK(shown.resume_start == 0x5000);
    CHECK(shown.resume_bytes == 0x10);
}

TEST_CASE_FIXTURE(Fixture, "it finds nothing once the area is let go of") {
    exo::show_upcalls(vcpu);
    vcpu.area = nullptr;
    exo::unbind_area(vcpu);
    CHECK(vcpu.context.upcalls.area == nullptr);
    CHECK(vcpu.context.upcalls.trap == 0);
    CHECK(vcpu.context.upcalls.resume_bytes == 0);
}

TEST_CASE_FIXTURE(Fixture, "what another CPU looks at is left to it") {
    exo::CpuLocal here;
    exo::CpuLocal other;
    here.self = &here;
    exo::arch::host_cpu_local = &here;
    exo::show_upcalls(vcpu);
    vcpu.area = nullptr;
    vcpu.loaded_on = &other;
    exo::unbind_area(vcpu);
    CHECK(vcpu.context.upcalls.area == &area);
    vcpu.loaded_on = &here;
    exo::unbind_area(vcpu);
    CHECK(vcpu.context.upcalls.area == nullptr);
    exo::arch::host_cpu_local = nullptr;
}

TEST_CASE("letting go of an area gives its frame back and forgets every entry") {
    HostMachine machine(64);
    const exo::FrameNumber frame = *exo::frames.alloc_run(1, machine.root);
    Vcpu vcpu = {};
    exo::Link page;
    page.close();
    auto* area = static_cast<VcpuArea*>(exo::FrameTable::contents(frame));
    exo::bind_area(vcpu, area, frame, page);
    CHECK(vcpu.area == area);
    CHECK(page.next == &vcpu.area_link);
    exo::frames.release(frame);
    CHECK(exo::frames.counts().user == 1);
    exo::bind_area(vcpu, area, frame, page);  // the same again
    CHECK(exo::frames.info(frame).references == 1);
    vcpu.entries.trap = 0x2000;
    vcpu.entries.foreign = 0x4000;
    exo::unbind_area(vcpu);
    CHECK(page.alone());
    CHECK(vcpu.area == nullptr);
    CHECK(vcpu.entries.trap == 0);
    CHECK(vcpu.entries.foreign == 0);
    CHECK(exo::frames.counts().user == 0);
    exo::unbind_area(vcpu);  // and once only
    CHECK(exo::frames.counts().free == 63);
}
