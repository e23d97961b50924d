// exokernel/trap/trap.cpp - dispatching exceptions and interrupts.
#include "exokernel/trap/trap.hpp"

#include <algorithm>

#include "arch/machine.hpp"
#include "exokernel/arch/x86_64/apic.hpp"
#include "exokernel/arch/x86_64/descriptors.hpp"
#include "exokernel/arch/x86_64/registers.hpp"
#include "exokernel/arch/x86_64/stop.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/upcall.hpp"
#include "exokernel/driver/console/console_device.hpp"
#include "exokernel/env/console.hpp"
#include "exokernel/env/env.hpp"
#include "lamina/exceptions.hpp"

namespace exo {

namespace {

constinit LimitedLog fault_log;

constexpr std::uint64_t vector_nmi = 2;
constexpr std::uint64_t vector_double_fault = 8;
constexpr std::uint64_t vector_page_fault = 14;

/// Handles an interrupt of a device; what may run next is dispatch's to decide.
void interrupt(CpuLocal& cpu, std::uint64_t vector) {
    ++cpu.interrupts;
    switch (vector) {
        case arch::timer_vector:
            cpu.timer_ns = 0;
            arch::end_of_interrupt();
            break;
        case arch::console_vector:
            if (console_device.interrupt()) console.input_arrived();
            arch::end_of_interrupt();
            break;
        case arch::notify_vector: arch::end_of_interrupt(); break;
        case arch::spurious_vector: break;
        default: log("trap", "unexpected interrupt, vector ", vector);
    }
}

/// Copies the registers of the running vCPU to its environment's report.
lamina::EnvReport& report_registers(const Vcpu& vcpu) {
    const Context& context = vcpu.context;
    lamina::EnvReport& report = vcpu.env->report;
    report.rip = context.rip;
    report.rsp = context.rsp;
    report.rflags = context.rflags;
    std::copy_n(&context.rax, std::size(report.registers), report.registers);
    return report;
}

/// Ends the environment whose vCPU took an exception, with a report for its parent.
void user_fault(CpuLocal& cpu, std::uint64_t vector, std::uint64_t error_code) {
    ++cpu.faults;
    Env& env = *cpu.running->env;
    if (!env.alive()) return;  // another CPU has ended it just now
    lamina::EnvReport& report = report_registers(*cpu.running);
    report.vector = std::uint32_t(vector);
    report.error_code = std::uint32_t(error_code);
    report.address = vector == vector_page_fault ? arch::read_cr<2>() : 0;
    fault_log.log(arch::now_ns(), "env", env.id, " ", env.name(), ": ",
                  lamina::exception_name(vector), ", error code ", Hex{error_code}, ", address ",
                  Hex{report.address}, ", rip ", Hex{report.rip});
    (void)begin_end(env, lamina::EndCause::faulted, lamina::status_faulted);
}

[[noreturn]] void kernel_fault(const KernelFrame& frame) {
    const std::uint64_t address = arch::read_cr<2>();
    if (frame.vector == vector_double_fault && arch::in_stack_guard(address))
        log_now("panic", "kernel stack overflow");
    log_now("panic", lamina::exception_name(frame.vector), " in the kernel, error code ",
            Hex{frame.error_code}, ", rip ", Hex{frame.rip}, ", cr2 ", Hex{address});
    log_now("panic", "rax ", Hex{frame.rax}, " rbx ", Hex{frame.rbx}, " rcx ", Hex{frame.rcx},
            " rdx ", Hex{frame.rdx}, " rsi ", Hex{frame.rsi}, " rdi ", Hex{frame.rdi}, " rbp ",
            Hex{frame.rbp}, " rsp ", Hex{frame.rsp});
    log_now("panic", "r8 ", Hex{frame.r8}, " r9 ", Hex{frame.r9}, " r10 ", Hex{frame.r10}, " r11 ",
            Hex{frame.r11}, " r12 ", Hex{frame.r12}, " r13 ", Hex{frame.r13}, " r14 ",
            Hex{frame.r14}, " r15 ", Hex{frame.r15});
    log_now("panic", "rflags ", Hex{frame.rflags}, " cs ", Hex{frame.cs}, " ss ", Hex{frame.ss});
    stop_machine();
}

void enter_nested(CpuLocal& cpu) {
    ++cpu.interrupt_depth;
    cpu.interrupt_depth_max = std::max(cpu.interrupt_depth_max, cpu.interrupt_depth);
}

}  // namespace

extern "C" void exo_trap_from_user(std::uint64_t vector, std::uint64_t error_code) {
    CpuLocal& cpu = this_cpu();
    answer_shoot_downs();
    lock_kernel();
    if (vector < lamina::exception_count) return user_fault(cpu, vector, error_code);
    restart_resume_range(*cpu.running);
    interrupt(cpu, vector);
}

extern "C" void exo_foreign_while_disabled() {
    lock_kernel();
    Vcpu& vcpu = *this_cpu().running;
    if (!vcpu.env->alive()) return;
    report_registers(vcpu);
    (void)begin_end(*vcpu.env, lamina::EndCause::foreign_while_disabled, lamina::status_faulted);
}

extern "C" void exo_trap_from_kernel(KernelFrame* frame) {
    // First, because after an exception in the way in or out GS may still be the user's.
    if (frame->vector < lamina::exception_count) kernel_fault(*frame);
    CpuLocal& cpu = this_cpu();
    enter_nested(cpu);
    answer_shoot_downs();
    lock_kernel();
    interrupt(cpu, frame->vector);
    unlock_kernel();
    --cpu.interrupt_depth;
}

extern "C" void exo_trap_on_own_stack(KernelFrame* frame) {
    CpuLocal& cpu = this_cpu();
    if (frame->vector != vector_nmi) kernel_fault(*frame);
    if (arch::stopping()) arch::halt();
    enter_nested(cpu);
    ++cpu.nmis;
    log_now("trap", "non-maskable interrupt ", cpu.nmis, ", depth ", cpu.interrupt_depth, ", rip ",
            Hex{frame->rip});
    --cpu.interrupt_depth;
}

}  // namespace exo
