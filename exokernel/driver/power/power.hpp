// exokernel/driver/power/power.hpp - how this machine is powered off and restarted.
// Source: ACPI 6.4, 4.8.3.2 (PM1 control), 4.8.3.6 (reset register).
#pragma once

#include <cstdint>

namespace exo {

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

[[noreturn]] void power_off();
/// By the reset register, the keyboard controller or, in the end, the processor itself.
[[noreturn]] void reboot();

}  // namespace exo
