// tests/sim/machine.cpp - choosing who goes on, and the processors' side of halting and interrupts.
#include "tests/sim/machine.hpp"

#include <algorithm>
#include <string>

#include "tests/sim/entry.hpp"
#include "tests/sim/violation.hpp"

namespace sim {
namespace {

/// So many steps in which every CPU waits for another one are a deadlock.
constexpr std::uint64_t waiting_steps_max = 10'000;

struct Arguments {
    Machine* machine;
    Cpu* cpu;
};
std::array<Arguments, cpu_count> fiber_arguments;

}  // namespace

Machine::Machine(Choices& choices, Incarnations& incarnations, bool tlb_tags)
    : choices_(&choices), chance_(choices.next()), tlb_tags_(tlb_tags) {
    for (unsigned i = 0; i < cpu_count; ++i) {
        cpus_[i] = std::make_unique<Cpu>(incarnations);
        Cpu& cpu = *cpus_[i];
        cpu.index = i;
        cpu.local.self = &cpu.local;
        cpu.local.apic_id = std::uint8_t(i);
        exo::add_cpu(cpu.local);
    }
    current_ = cpus_[0].get();
    exo::arch::host_cpus = this;
}

Machine::~Machine() {
    exo::arch::host_cpus = nullptr;
    for (unsigned i = 0; i < cpu_count; ++i)
        exo::remove_last_cpu();
}

void Machine::start(UserCode& user) {
    user_ = &user;
    for (unsigned i = 0; i < cpu_count; ++i) {
        fiber_arguments[i] = {this, cpus_[i].get()};
        cpus_[i]->fiber.start(run, &fiber_arguments[i]);
    }
}

void Machine::run(void* argument) {
    const auto [machine, cpu] = *static_cast<Arguments*>(argument);
    come_from_boot();
    for (;;) {
        machine->leave_kernel(*cpu);
        machine->user_mode(*cpu);
    }
}

void Machine::leave_kernel(Cpu& cpu) {
    const exo::Context& context = go_on();
    cpu.in_kernel = false;
    ++cpu.kernel_exits;
    // Another CPU may have ended or stopped it meanwhile: then its interrupt is on its way.
    if (cpu.local.running->state != exo::VcpuState::ready && !interrupt_waits(cpu))
        violated("Who runs is ready to.", "CPU " + std::to_string(cpu.index));
    user_->resumed(cpu, context);
    pause();
}

/// Until the kernel has to decide who goes on.
void Machine::user_mode(Cpu& cpu) {
    while (!cpu.in_kernel) {
        cpu.call.caller = 0;
        cpu.revocation.caller = 0;
        if (interrupt_waits(cpu) && (user_stopped_ || chance_.percent(50))) {
            cpu.in_kernel = cpu.kernel_ran = true;
            const bool timer = timer_fired(cpu);
            if (timer) cpu.timer_ns = 0;
            cpu.interrupted = false;
            enter_by_interrupt(cpu.local, timer);
        } else {
            if (!user_stopped_) user_->step(cpu);
            if (!cpu.in_kernel) pause();
        }
    }
}

bool Machine::interrupt_waits(const Cpu& cpu) const { return cpu.interrupted || timer_fired(cpu); }

bool Machine::resting(const Cpu& cpu) const {
    return (cpu.halted || !cpu.in_kernel) && !interrupt_waits(cpu);
}

bool Machine::holds_locks() const {
    return std::ranges::any_of(cpus_, [](const auto& cpu) { return cpu->locks != 0; });
}

void Machine::pause() { current_->fiber.pause(); }

void Machine::load_page_table(exo::PhysAddr table, std::uint32_t tag, bool keep) {
    if (tag != 0 && !tlb_tags_)
        violated("Tags are used only where there are some.", std::to_string(tag));
    current_->tlb.load(tag, keep);
    current_->root = table;
}

void Machine::wait_for_interrupt() {
    Cpu& cpu = *current_;
    cpu.halted = true;
    ++cpu.kernel_exits;
    while (!interrupt_waits(cpu))
        pause();
    cpu.halted = false;
    interrupt_window();
}

void Machine::interrupt_window() {
    Cpu& cpu = *current_;
    pause();
    if (!interrupt_waits(cpu)) return;
    const bool timer = timer_fired(cpu);
    if (timer) cpu.timer_ns = 0;
    cpu.interrupted = false;
    interrupt_in_kernel(cpu.local, timer);
}

void Machine::relax() {
    current_->waiting = true;
    pause();
}

void Machine::lock_point(exo::arch::LockPoint where, const void* lock) {
    const bool is_section = lock == &current_->local.own;
    switch (where) {
        case exo::arch::LockPoint::before: break;
        case exo::arch::LockPoint::taken:
            if (is_section) break;
            ++current_->locks;
            return;
        case exo::arch::LockPoint::given_back:
            current_->left_section |= is_section;
            if (is_section) break;
            if (std::ranges::any_of(cpus_,
                                    [](const auto& cpu) { return cpu->local.own.is_inside(); }))
                violated("Nobody is in a section of its own while another CPU has the kernel lock.",
                         "CPU " + std::to_string(current_->index) + " gives it back");
            --current_->locks;
            current_->unlocked = true;
            break;
    }
    // Boot runs on no fiber.
    if (user_ != nullptr) pause();
}

void Machine::memory_point() {
    if (!in_fiber_ || user_stopped_) return;
    if (current_->local.own.is_inside() && chance_.percent(30)) pause();
    if (!chance_.percent(10)) return;
    in_fiber_ = false;  // a walk uses memory too
    Cpu& walker = *cpus_[chance_.below(cpu_count)];
    (void)walker.tlb.translate(walker.root, user_->expected_address(chance_));
    in_fiber_ = true;
}

void Machine::pass_time() {
    // On average about 40 us a step, so that a slice of 10 ms is some hundreds of them.
    const bool long_time = chance_.below(64) == 0;
    now_ns_ += long_time ? chance_.below(2'000'000) : chance_.below(20'000) + 1;
}

Cpu* Machine::pick() {
    std::array<Cpu*, cpu_count> ready;
    unsigned count = 0;
    for (const auto& cpu : cpus_)
        if (!cpu->halted || interrupt_waits(*cpu)) ready[count++] = cpu.get();
    return count == 0 ? nullptr : ready[choices_->below(count)];
}

Cpu& Machine::step() {
    pass_time();
    Cpu* cpu = pick();
    if (cpu == nullptr) {
        for (const auto& sleeper : cpus_)
            if (sleeper->timer_ns != 0 && (cpu == nullptr || sleeper->timer_ns < cpu->timer_ns))
                cpu = sleeper.get();
        if (cpu == nullptr)
            violated("A CPU that sleeps will be woken.", "all CPUs sleep, no timer is armed");
        now_ns_ = std::max(now_ns_, cpu->timer_ns);
    }
    return step_of(cpu->index);
}

Cpu& Machine::step_of(unsigned index) {
    current_ = cpus_[index].get();
    current_->waited = current_->waiting;
    current_->waiting = false;
    current_->kernel_ran = current_->in_kernel;
    current_->unlocked = current_->left_section = false;
    in_fiber_ = true;
    current_->fiber.resume();
    in_fiber_ = false;
    waiting_steps_ = current_->waiting ? waiting_steps_ + 1 : 0;
    if (waiting_steps_ == waiting_steps_max)
        violated("CPUs do not wait for each other for ever.", "nobody but waits");
    return *current_;
}

}  // namespace sim
