// exokernel/driver/acpi/acpi.hpp - reads the ACPI tables: processors, interrupt controllers, power.
// Source: ACPI specification 6.4, chapters 5.2 and 7.4.
#pragma once

#include <cstdint>

#include "exokernel/core/types.hpp"
#include "lamina/result.hpp"

namespace exo {

/// What the tables say, bounded; entries beyond the bounds are counted in `ignored`.
struct AcpiTables {
    static constexpr std::uint32_t cpus_max = 64;
    static constexpr std::uint32_t lines_max = 16;

    std::uint32_t cpu_count = 0;
    std::uint8_t cpu_apic_id[cpus_max] = {};
    PhysAddr local_apic = {0xfee0'0000};
    PhysAddr io_apic = {};
    std::uint32_t io_apic_base = 0;  ///< First global interrupt of the I/O APIC.
    /// Where each ISA line goes, and its MPS INTI flags (polarity, trigger).
    std::uint32_t line_interrupt[lines_max] = {};
    std::uint16_t line_flags[lines_max] = {};

    std::uint16_t pm1a_control = 0;  ///< I/O ports; 0 if there is none.
    std::uint16_t pm1b_control = 0;
    std::uint16_t sleep_off_a = 0;  ///< SLP_TYP of S5, shifted into place.
    std::uint16_t sleep_off_b = 0;
    std::uint16_t reset_port = 0;
    std::uint8_t reset_value = 0;
    std::uint32_t ignored = 0;
};

/// Reads the tables from the root pointer on (address 0: look for it in the BIOS area). Every
/// length and checksum is checked; a table that is damaged is left out. Errors: not_present.
lamina::Result<AcpiTables> read_acpi(PhysAddr root_pointer);

}  // namespace exo
