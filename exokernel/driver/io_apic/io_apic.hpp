// exokernel/driver/io_apic/io_apic.hpp - the I/O APIC: which CPU an interrupt line goes to.
// Source: 82093AA I/O APIC data sheet.
#pragma once

#include <cstdint>

#include "exokernel/core/types.hpp"

namespace exo {

/// Routes an interrupt line of the I/O APIC to a vector of one CPU. `flags` as in the MADT
/// (ACPI 5.2.12.5). Needs: `io_apic` is in the direct map, uncached.
void route_interrupt(PhysAddr io_apic, std::uint32_t pin, std::uint16_t flags, std::uint8_t vector,
                     std::uint8_t apic_id);

}  // namespace exo
