// exokernel/boot/other_cpus.hpp - starting the CPUs that did not boot.
#pragma once

#include "exokernel/boot/boot_info.hpp"
#include "exokernel/driver/acpi/acpi.hpp"

namespace exo::boot {

/// Starts every CPU the tables name but this one; they wait for vCPUs. The code they begin at is
/// put into `boot.low_page`; without such a page none is started. A CPU that does not answer in
/// 2 s is left out and logged.
void start_other_cpus(const AcpiTables& acpi, PhysAddr root, BootInfo& boot);

}  // namespace exo::boot
