// exokernel/arch/x86_64/power.hpp - how this machine is powered off and restarted.
#pragma once

#include <cstdint>

namespace exo::arch {

/// From the ACPI tables; a port of 0 is not there.
struct PowerPorts {
    std::uint16_t pm1a_control = 0;
    std::uint16_t pm1b_control = 0;
    std::uint16_t sleep_off_a = 0;
    std::uint16_t sleep_off_b = 0;
    std::uint16_t reset = 0;
    std::uint8_t reset_value = 0;
};
void set_power_ports(const PowerPorts& ports);

/// Whether a panic restarts the machine instead of halting it (command line: panic=exit).
void set_panic_restarts(bool restarts);

/// Whether a panic is stopping the machine: whoever gets an NMI then halts.
bool stopping();
[[noreturn]] void halt();

}  // namespace exo::arch
