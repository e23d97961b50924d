// exokernel/driver/power/power.cpp - writes the ports that power the machine off or restart it.
#include "exokernel/driver/power/power.hpp"

#include "arch/machine.hpp"
#include "arch/ports.hpp"
#include "exokernel/core/after_init.hpp"

namespace exo {
namespace {

LAMINA_AFTER_INIT PowerPorts power;

}  // namespace

void set_power_ports(const PowerPorts& ports) { power = ports; }

void power_off() {
    constexpr std::uint16_t sleep_enable = 1U << 13;
    if (power.pm1a_control != 0) arch::out16(power.pm1a_control, power.sleep_off_a | sleep_enable);
    if (power.pm1b_control != 0) arch::out16(power.pm1b_control, power.sleep_off_b | sleep_enable);
    arch::halt();
}

void reboot() {
    if (power.reset != 0) arch::out8(power.reset, power.reset_value);
    constexpr std::uint16_t keyboard_command = 0x64;
    constexpr std::uint8_t pulse_reset = 0xfe;
    arch::out8(keyboard_command, pulse_reset);
    arch::reset_cpu();  // nothing helped
}

}  // namespace exo
