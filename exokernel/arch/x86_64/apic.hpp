// exokernel/arch/x86_64/apic.hpp - the local APIC and its timer.
// Source: Intel SDM vol. 3A, chapter 11.
#pragma once

#include <cstdint>

#include "exokernel/core/types.hpp"

namespace exo::arch {

/// Turns the local APIC on with its timer stopped and LINT1 as NMI. Needs: the 8259 are masked,
/// `registers` is in the direct map, uncached.
void init_local_apic(PhysAddr registers);
/// What each CPU does with its own: on, timer stopped, LINT1 as NMI. Needs: init_local_apic() ran.
void enable_local_apic();
std::uint8_t local_apic_id();
void end_of_interrupt();

/// Starts the timer; it interrupts once when `count` of its ticks have passed. 0 stops it.
void start_timer(std::uint32_t count);
/// Ticks that are left.
std::uint32_t timer_count();

/// Sends INIT, or a start-up to begin at physical page `page` below 1 MiB (SDM vol. 3A, 9.4.4).
void send_init(std::uint8_t apic_id);
void send_start(std::uint8_t apic_id, std::uint8_t page);
/// Sends a non-maskable interrupt to all CPUs but this one. Does nothing before init_local_apic().
void stop_other_cpus();

}  // namespace exo::arch
