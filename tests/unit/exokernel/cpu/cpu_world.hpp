// tests/unit/exokernel/cpu/cpu_world.hpp - CPUs with a clock, and vCPUs that run on them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "arch/machine.hpp"
#include "doctest/doctest.h"
#include "exokernel/cpu/bound_slices.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/cpu/notification.hpp"
#include "tests/unit/exokernel/machine.hpp"

/// So many CPUs; one acts at a time. Time passes only where a test says so, and while a CPU halts:
/// then until its timer.
class CpuWorld : public exo::arch::HostCpus {
public:
    static constexpr std::uint64_t ms = 1'000'000;

    explicit CpuWorld(unsigned cpu_count = 1) {
        for (unsigned i = 0; i < cpu_count; ++i) {
            made_.push_back(std::make_unique<exo::CpuLocal>());
            made_.back()->self = made_.back().get();
            made_.back()->apic_id = std::uint8_t(i);
            exo::add_cpu(*made_.back());
        }
        current = this;
        interrupts.resize(cpu_count);
        timers_.resize(cpu_count, lamina::wait_forever);
        exo::arch::host_cpus = this;
        exo::set_dispatch_ops({[](exo::Vcpu& vcpu) { return current->step(vcpu); },
                               [](exo::Vcpu*) { ++current->refreshes; }});
    }
    ~CpuWorld() {
        for (std::size_t i = 0; i < made_.size(); ++i)
            exo::remove_last_cpu();
        exo::arch::host_cpus = nullptr;
    }
    CpuWorld(const CpuWorld&) = delete;
    CpuWorld& operator=(const CpuWorld&) = delete;

    exo::CpuLocal& cpu(unsigned index = 0) { return *made_[index]; }

    /// A vCPU with a slice of that length; ready, unless it is only created.
    exo::Vcpu& add(std::uint64_t length_ns = 10 * ms, bool ready = true, unsigned home = 0) {
        vcpus_.push_back(std::make_unique<exo::Vcpu>());
        exo::Vcpu& vcpu = *vcpus_.back();
        vcpu.home = made_[home].get();
        vcpu.slice.vcpu = vcpu.deadline.vcpu = vcpu.timer.vcpu = &vcpu;
        vcpu.slice.length_ns = length_ns;
        exo::attach_slice(vcpu.slice, payer, *vcpu.home);
        if (!ready) return vcpu;
        vcpu.state = exo::VcpuState::ready;
        exo::make_ready(vcpu);
        return vcpu;
    }
    /// A slice that is nobody's.
    exo::Slice& add_slice(std::uint64_t length_ns = 10 * ms, unsigned home = 0) {
        slices_.push_back(std::make_unique<exo::Slice>());
        slices_.back()->length_ns = length_ns;
        exo::attach_slice(*slices_.back(), payer, *made_[home]);
        return *slices_.back();
    }

    /// The CPU enters the kernel after so long in user mode; who runs then.
    exo::Vcpu* after(std::uint64_t user_ns, unsigned index = 0) {
        now += user_ns;
        return enter(index);
    }
    /// The same when its timer fires.
    exo::Vcpu* at_timer(unsigned index = 0) {
        REQUIRE(timers_[index] != lamina::wait_forever);
        now = std::max(now, timers_[index]);
        return enter(index);
    }
    /// Who runs when `action` was done in the kernel, by the CPU.
    template <typename Action>
    exo::Vcpu* having(Action action, unsigned index = 0) {
        acting_ = index;
        exo::lock_kernel();
        action();
        exo::exo_dispatch();
        return cpu(index).running;
    }
    /// Waits for a bit that nobody sets, as the one who runs.
    exo::Vcpu* wait(std::uint64_t deadline_ns = lamina::wait_forever, unsigned index = 0) {
        notes_.push_back(std::make_unique<Note>());
        Note& note = *notes_.back();
        return having([&] { REQUIRE(note.it.wait(*cpu(index).running, note.by, 1, deadline_ns)); },
                      index);
    }
    /// Gives a vCPU an area and an entry for the ends of its slices.
    void listen(exo::Vcpu& vcpu) {
        areas_.push_back(std::make_unique<lamina::VcpuArea>());
        vcpu.area = areas_.back().get();
        vcpu.entries.run = 0x1000;
        vcpu.entries.slice_end = 0x3000;
        vcpu.entries.stack = 0x8000;
    }
    /// The time a vCPU ran in so many milliseconds, the CPU being left to its timer.
    std::uint64_t share(const exo::Vcpu& vcpu, std::uint64_t of_ms) {
        const std::uint64_t before = vcpu.run_ns;
        for (const std::uint64_t end = now + of_ms * ms; now < end;)
            at_timer();
        return vcpu.run_ns - before;
    }

    std::uint64_t timer(unsigned index = 0) const { return timers_[index]; }

    exo::Account payer = {{lamina::ObjectType::account, 0, 1}, nullptr, 1000, 0};
    std::uint64_t now = 1000 * ms;
    unsigned halts = 0;
    unsigned refreshes = 0;
    std::vector<unsigned> interrupts;  ///< Sent to each CPU.
    /// What a step of the kernel's own work takes and what it does. Returns whether it is done.
    std::uint64_t step_ns = ms / 2;
    std::function<bool(exo::Vcpu&)> step = [](exo::Vcpu&) { return true; };
    /// What happens while a CPU lets others in, waits for one, or halts.
    std::function<void()> meanwhile = [] {};

    void invalidate_page(std::uint64_t) override {}
    void flush_tlb() override {}
    exo::PhysAddr loaded_page_table() override { return {}; }
    void load_page_table(exo::PhysAddr, std::uint32_t, bool) override {}
    void* cpu_local() override { return made_[acting_].get(); }
    void interrupt_cpu(std::uint8_t apic_id) override { ++interrupts[apic_id]; }
    std::uint64_t now_ns() override { return now; }
    void arm_timer(std::uint64_t deadline_ns) override { timers_[acting_] = deadline_ns; }
    void wait_for_interrupt() override {
        ++halts;
        meanwhile();
        if (timers_[acting_] != lamina::wait_forever) now = std::max(now, timers_[acting_]);
        REQUIRE(halts < 10'000);
    }
    void interrupt_window() override {
        now += step_ns;
        meanwhile();
    }
    void relax() override { meanwhile(); }
    void lock_point(exo::arch::LockPoint, const void*) override {}
    void memory_point() override {}

private:
    struct Note {
        Note() {
            it.references = 1;
            by.children.close();
        }
        exo::Notification it = {};
        exo::CapSlot by;
    };

    exo::Vcpu* enter(unsigned index) {
        return having([] {}, index);
    }

    static inline CpuWorld* current = nullptr;
    std::vector<std::unique_ptr<exo::CpuLocal>> made_;
    std::vector<std::unique_ptr<exo::Vcpu>> vcpus_;
    std::vector<std::unique_ptr<exo::Slice>> slices_;
    std::vector<std::unique_ptr<Note>> notes_;
    std::vector<std::unique_ptr<lamina::VcpuArea>> areas_;
    std::vector<std::uint64_t> timers_;
    unsigned acting_ = 0;
};
