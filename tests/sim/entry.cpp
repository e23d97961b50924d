// tests/sim/entry.cpp - entering and leaving the kernel.
#include "tests/sim/entry.hpp"

#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/cpu/switch.hpp"
#include "exokernel/cpu/upcall.hpp"
#include "exokernel/env/env.hpp"
#include "exokernel/syscall/calls.hpp"

namespace sim {
namespace {

/// In CpuLocal::must_dispatch: the call has chosen who goes on.
constexpr std::uint64_t switched = 100;

/// The way out of a call through a gate. The words are not simulated.
exo::CallResult leave(exo::Switched by) {
    if (by.next == nullptr) return {by.word, 0};
    by.next->rax = 0;
    by.next->rdx = 0;
    exo::this_cpu().must_dispatch = switched;
    return {0, 0};
}

/// As entry.S does it, without a lock: other CPUs look at these counters.
void count(std::uint64_t& counter) { __atomic_store_n(&counter, counter + 1, __ATOMIC_RELAXED); }

void count_interrupt(exo::CpuLocal& cpu, bool timer) {
    ++cpu.interrupts;
    if (timer) cpu.timer_ns = 0;
}

}  // namespace

bool enter_by_call(exo::CpuLocal& cpu, std::uint64_t number, const CallArguments& arguments,
                   CallResult& result) {
    result = {std::uint64_t(lamina::Status::bad_call), 0};
    if (number < lamina::call_count) {
        count(cpu.calls);
        const auto& a = arguments;
        result = exo::exo_call_table[number](a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    if (cpu.must_dispatch == 0) return true;
    if (cpu.must_dispatch == 1) {
        cpu.context->rax = result.status;
        cpu.context->rdx = result.value;
    }
    return false;
}

void enter_by_fault(exo::CpuLocal& cpu) {
    exo::answer_shoot_downs();
    exo::lock_kernel();
    count(cpu.faults);
    exo::Env& env = *cpu.running->env;
    if (env.alive()) (void)begin_end(env, lamina::EndCause::faulted, lamina::status_faulted);
}

void enter_by_interrupt(exo::CpuLocal& cpu, bool timer) {
    exo::answer_shoot_downs();
    exo::lock_kernel();
    restart_resume_range(*cpu.running);
    count_interrupt(cpu, timer);
}

void interrupt_in_kernel(exo::CpuLocal& cpu, bool timer) {
    exo::answer_shoot_downs();
    exo::lock_kernel();
    count_interrupt(cpu, timer);
    exo::unlock_kernel();
}

void come_from_boot() { exo::lock_kernel(); }

const exo::Context& go_on() {
    exo::CpuLocal& cpu = exo::this_cpu();
    if (cpu.must_dispatch != switched) return *exo::exo_dispatch();
    cpu.must_dispatch = 0;
    return *cpu.context;
}

}  // namespace sim

namespace exo {

extern "C" CallResult exo_gate_call_entry(std::uint64_t a0, std::uint64_t a1, std::uint64_t,
                                          std::uint64_t, std::uint64_t, std::uint64_t) {
    return sim::leave(exo_gate_call(a0, a1));
}
extern "C" CallResult exo_gate_return_entry(std::uint64_t, std::uint64_t, std::uint64_t,
                                            std::uint64_t, std::uint64_t, std::uint64_t) {
    return sim::leave(exo_gate_return());
}
extern "C" CallResult exo_yield_to_entry(std::uint64_t a0, std::uint64_t, std::uint64_t,
                                         std::uint64_t, std::uint64_t, std::uint64_t) {
    CpuLocal& cpu = this_cpu();
    const Vcpu* const before = cpu.loaded;
    const CallResult result = exo_yield_to(a0);
    if (cpu.loaded != before) cpu.must_dispatch = sim::switched;
    return result;
}

}  // namespace exo
