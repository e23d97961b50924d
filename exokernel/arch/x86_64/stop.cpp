// exokernel/arch/x86_64/stop.cpp - halting, and the end after a panic.
#include "exokernel/arch/x86_64/stop.hpp"

#include <atomic>

#include "arch/machine.hpp"
#include "exokernel/arch/x86_64/apic.hpp"
#include "exokernel/arch/x86_64/registers.hpp"
#include "exokernel/core/after_init.hpp"
#include "exokernel/core/panic.hpp"

namespace exo::arch {
namespace {

LAMINA_AFTER_INIT void (*panic_end)() = halt;

std::atomic<bool> is_stopping{false};

}  // namespace

void set_panic_end(void (*end)()) { panic_end = end; }
bool stopping() { return is_stopping.load(std::memory_order_relaxed); }

void halt() {
    for (;;)
        asm volatile("cli; hlt");
}

void reset_cpu() {
    // Without an interrupt table the next exception is a triple fault.
    const TableRegister no_table{0, 0};
    asm volatile("lidt %0; int3" : : "m"(no_table));
    halt();
}

}  // namespace exo::arch

void exo::stop_machine() {
    asm volatile("cli" : : : "memory");
    arch::is_stopping.store(true, std::memory_order_relaxed);
    arch::stop_other_cpus();
    arch::panic_end();
    arch::halt();
}
