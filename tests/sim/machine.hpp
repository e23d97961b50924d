// tests/sim/machine.hpp - Machine: simulated CPUs that run the kernel, one step of one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "arch/machine.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "tests/sim/choices.hpp"
#include "tests/sim/entry.hpp"
#include "tests/sim/fiber.hpp"
#include "tests/sim/tlb.hpp"

namespace sim {

inline constexpr unsigned cpu_count = 4;

/// One simulated CPU.
struct Cpu {
    explicit Cpu(Incarnations& incarnations) : tlb(incarnations) {}

    unsigned index = 0;
    exo::CpuLocal local;  ///< The kernel's.
    Fiber fiber;
    Tlb tlb;
    exo::PhysAddr root = {};         ///< CR3.
    std::uint64_t timer_ns = 0;      ///< When the timer fires; 0: not armed.
    bool interrupted = false;        ///< Another CPU has sent an interrupt.
    bool halted = false;             ///< Inside wait_for_interrupt().
    bool in_kernel = true;           ///< Not in user mode. A halted CPU is in the kernel.
    bool waiting = false;            ///< Its last step ended in relax().
    bool waited = false;             ///< So did the one before: this one changed nothing.
    bool kernel_ran = false;         ///< In its last step.
    unsigned locks = 0;              ///< Locks it holds, its own section aside.
    bool unlocked = false;           ///< In its last step, at the end of which it was.
    bool left_section = false;       ///< In its last step: whoever has a lock waited for that.
    std::uint64_t kernel_exits = 0;  ///< How often it has left the kernel, or halted.
    CallInProgress call;
    /// The call of cap_revoke that has returned ok in this step; caller 0: none.
    CallInProgress revocation;
};

/// What runs in user mode.
class UserCode {
public:
    /// One thing the vCPU that runs on this CPU does. Called on the CPU's fiber.
    virtual void step(Cpu& cpu) = 0;
    /// A vCPU goes on, with its registers in `context`.
    virtual void resumed(Cpu& cpu, const exo::Context& context) = 0;
    /// An address that user code may be about to use: the processor may walk to it before.
    virtual std::uint64_t expected_address(Choices& chance) = 0;

protected:
    ~UserCode() = default;
};

/// Interleaves its CPUs: a step is one decision which of them goes on, up to the next place where
/// another one may come between: a step of a lock, memory used in a CPU's own section, waiting,
/// halting, an interrupt window, and each thing done in user mode. Interrupts wait for the place
/// where the processor would take them, and are late by chance. Processors walk page tables when
/// they like, also while another CPU changes them. Time is virtual and passes by chance.
class Machine final : public exo::arch::HostCpus {
public:
    Machine(Choices& choices, Incarnations& incarnations, bool tlb_tags = false);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    /// Boot is over: from here on each CPU goes its own way.
    void start(UserCode& user);
    /// One step; returns the CPU that made it.
    Cpu& step();
    /// The same for a certain CPU.
    Cpu& step_of(unsigned index);

    /// Lets the user code do nothing more, so that every CPU comes to rest.
    void stop_user_code() { user_stopped_ = true; }
    /// Whether this CPU is in user mode or halted, and no interrupt waits for it.
    bool resting(const Cpu& cpu) const;
    bool holds_locks() const;

    Cpu& cpu(unsigned index) { return *cpus_[index]; }
    Choices& choices() { return *choices_; }
    bool interrupt_waits(const Cpu& cpu) const;
    /// Of the clock, which does not go on by it.
    std::uint64_t time_ns() const { return now_ns_; }

    /// Ends a step of the CPU that calls.
    void pause();

    // The machine as the kernel sees it.
    void invalidate_page(std::uint64_t address) override { current_->tlb.invalidate(address); }
    void flush_tlb() override { current_->tlb.flush(); }
    exo::PhysAddr loaded_page_table() override { return current_->root; }
    void load_page_table(exo::PhysAddr table, std::uint32_t tag, bool keep) override;
    bool has_tlb_tags() override { return tlb_tags_; }
    void* cpu_local() override { return &current_->local; }
    void interrupt_cpu(std::uint8_t apic_id) override { cpus_[apic_id]->interrupted = true; }
    std::uint64_t now_ns() override { return now_ns_++; }
    void arm_timer(std::uint64_t deadline_ns) override { current_->timer_ns = deadline_ns; }
    void wait_for_interrupt() override;
    void interrupt_window() override;
    void relax() override;
    void lock_point(exo::arch::LockPoint where, const void* lock) override;
    void memory_point() override;

private:
    static void run(void* cpu);
    void user_mode(Cpu& cpu);
    void leave_kernel(Cpu& cpu);
    bool timer_fired(const Cpu& cpu) const { return cpu.timer_ns != 0 && cpu.timer_ns <= now_ns_; }
    void pass_time();
    Cpu* pick();

    Choices* choices_;
    Choices chance_;  ///< Of time, of interrupts, and of walks that nobody asked for.
    std::array<std::unique_ptr<Cpu>, cpu_count> cpus_;
    Cpu* current_ = nullptr;
    UserCode* user_ = nullptr;
    std::uint64_t now_ns_ = 1'000'000;
    std::uint64_t waiting_steps_ = 0;  ///< Steps since a CPU did other than wait.
    bool user_stopped_ = false;
    bool tlb_tags_;
    bool in_fiber_ = false;
};

}  // namespace sim
