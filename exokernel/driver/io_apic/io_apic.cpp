// exokernel/driver/io_apic/io_apic.cpp - programming the I/O APIC.
#include "exokernel/driver/io_apic/io_apic.hpp"

#include "arch/machine.hpp"

namespace exo {

void route_interrupt(PhysAddr io_apic, std::uint32_t pin, std::uint16_t flags, std::uint8_t vector,
                     std::uint8_t apic_id) {
    auto* registers = static_cast<volatile std::uint32_t*>(arch::direct_map(io_apic));
    constexpr std::uint32_t window = 0x10 / 4;
    constexpr std::uint16_t low_active = 3;
    constexpr std::uint16_t level_triggered = 3;
    const bool low = (flags & 3) == low_active;
    const bool level = (flags >> 2 & 3) == level_triggered;
    registers[0] = 0x10 + 2 * pin + 1;
    registers[window] = std::uint32_t{apic_id} << 24;
    registers[0] = 0x10 + 2 * pin;
    registers[window] = vector | (low ? 1U << 13 : 0) | (level ? 1U << 15 : 0);
}

}  // namespace exo
