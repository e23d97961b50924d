// exokernel/boot/other_cpus.hpp - starting the CPUs that did not boot.
#pragma once

#include "exokernel/boot/boot_memory.hpp"
#include "exokernel/driver/acpi/acpi.hpp"

namespace exo::boot {

/// Starts every CPU the tables name but this one; they wait for vCPUs. `start_page` is a free page
/// below 1 MiB for the code they begin at. A CPU that does not answer in 100 ms is left out and
/// logged.
void start_other_cpus(const AcpiTables& acpi, PhysAddr root, PhysAddr start_page,
                      BootMemory& memory);

}  // namespace exo::boot
