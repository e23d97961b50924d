// tests/sim/threads/thread_cpus.hpp - ThreadCpus: each CPU of the host build is a thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "arch/machine.hpp"
#include "exokernel/cpu/cpus.hpp"

namespace sim {

/// Runs the kernel on real threads, for the thread sanitizer: what two CPUs do to the same data
/// without a lock between them is a race. There are no TLBs. Time is virtual: it passes with every
/// look at it.
class ThreadCpus final : public exo::arch::HostCpus {
public:
    static constexpr unsigned count = 4;

    struct alignas(64) Cpu {
        exo::CpuLocal local;
        exo::PhysAddr root = {};
        std::uint64_t timer_ns = 0;  ///< 0: not armed.
        std::atomic<bool> interrupted = false;
    };

    ThreadCpus();

    /// The calling thread is this CPU from now on.
    void become(unsigned index) { current_ = cpus_[index].get(); }
    Cpu& cpu(unsigned index) { return *cpus_[index]; }
    /// An interrupt that waits for the calling CPU is taken from it. `timer` is set if it was one.
    bool take_interrupt(bool& timer);

    /// All CPUs are to stop where they can; returns when they have.
    void stop_all();
    /// Called where a CPU can stop: does not return once it is to.
    void stop_if_wanted();

    void invalidate_page(std::uint64_t) override {}
    void flush_tlb() override {}
    exo::PhysAddr loaded_page_table() override { return current_->root; }
    void load_page_table(exo::PhysAddr table, std::uint32_t, bool) override {
        current_->root = table;
    }
    void* cpu_local() override { return &current_->local; }
    void interrupt_cpu(std::uint8_t apic_id) override { cpus_[apic_id]->interrupted = true; }
    std::uint64_t now_ns() override { return now_ns_.fetch_add(2000, std::memory_order_relaxed); }
    void arm_timer(std::uint64_t deadline_ns) override { current_->timer_ns = deadline_ns; }
    void wait_for_interrupt() override;
    void interrupt_window() override;
    void relax() override;
    void lock_point(exo::arch::LockPoint, const void*) override {}
    void memory_point() override {}

private:
    static thread_local Cpu* current_;

    std::array<std::unique_ptr<Cpu>, count> cpus_;
    std::atomic<std::uint64_t> now_ns_ = 1'000'000;
    std::atomic<bool> stop_ = false;
    std::atomic<unsigned> stopped_ = 0;
};

}  // namespace sim
