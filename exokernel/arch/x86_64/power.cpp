// exokernel/arch/x86_64/power.cpp - power-off, restart, and the end after a panic.
// Source: ACPI 6.4, 4.8.3.2 (PM1 control), 4.8.3.6 (reset register).
#include "exokernel/arch/x86_64/power.hpp"

#include <atomic>

#include "arch/machine.hpp"
#include "arch/ports.hpp"
#include "exokernel/arch/x86_64/apic.hpp"
#include "exokernel/arch/x86_64/registers.hpp"
#include "exokernel/core/after_init.hpp"
#include "exokernel/core/panic.hpp"

namespace exo {
namespace arch {
namespace {

LAMINA_AFTER_INIT PowerPorts power;
LAMINA_AFTER_INIT bool panic_restarts = false;

std::atomic<bool> is_stopping{false};

}  // namespace

bool stopping() { return is_stopping.load(std::memory_order_relaxed); }

void halt() {
    for (;;) {
        interrupts_off();
        asm volatile("hlt");
    }
}

void set_power_ports(const PowerPorts& ports) { power = ports; }
void set_panic_restarts(bool restarts) { panic_restarts = restarts; }

void power_off() {
    constexpr std::uint16_t sleep_enable = 1U << 13;
    if (power.pm1a_control != 0) out16(power.pm1a_control, power.sleep_off_a | sleep_enable);
    if (power.pm1b_control != 0) out16(power.pm1b_control, power.sleep_off_b | sleep_enable);
    halt();
}

void reboot() {
    if (power.reset != 0) out8(power.reset, power.reset_value);
    constexpr std::uint16_t keyboard_command = 0x64;
    constexpr std::uint8_t pulse_reset = 0xfe;
    out8(keyboard_command, pulse_reset);
    // Nothing helped: without an interrupt table the next exception is a triple fault.
    const struct [[gnu::packed]] {
        std::uint16_t limit;
        std::uint64_t base;
    } no_table = {0, 0};
    asm volatile("lidt %0; int3" : : "m"(no_table));
    halt();
}

void wait_for_interrupt() { asm volatile("sti; hlt; cli" : : : "memory"); }
void interrupt_window() { asm volatile("sti; nop; cli" : : : "memory"); }

}  // namespace arch

void stop_machine() {
    arch::interrupts_off();
    arch::is_stopping.store(true, std::memory_order_relaxed);
    arch::stop_other_cpus();
    if (arch::panic_restarts) arch::reboot();
    arch::halt();
}

}  // namespace exo
