// exokernel/driver/pic/pic.hpp - the 8259 interrupt controllers, which the APIC replaces.
// Source: Intel 8259A data sheet, initialisation command words.
#pragma once

namespace exo {

/// Moves them off the exception vectors and masks all their lines.
void mask_legacy_interrupts();

}  // namespace exo
