// exokernel/arch/x86_64/apic.cpp - programming the local APIC.
#include "exokernel/arch/x86_64/apic.hpp"

#include "arch/machine.hpp"
#include "exokernel/arch/x86_64/descriptors.hpp"
#include "exokernel/arch/x86_64/registers.hpp"
#include "exokernel/core/after_init.hpp"

namespace exo::arch {
namespace {

/// Byte offsets of local APIC registers.
enum Register : std::uint32_t {
    id = 0x20,
    end = 0xb0,
    spurious = 0xf0,
    command_low = 0x300,
    command_high = 0x310,
    timer_entry = 0x320,
    lint0_entry = 0x350,
    lint1_entry = 0x360,
    error_entry = 0x370,
    timer_initial = 0x380,
    timer_current = 0x390,
    timer_divide = 0x3e0,
};

constexpr std::uint32_t masked = 1U << 16;
constexpr std::uint32_t deliver_nmi = 4U << 8;

LAMINA_AFTER_INIT volatile std::uint32_t* local_registers = nullptr;

volatile std::uint32_t& reg(Register which) { return local_registers[which / 4]; }

void send(std::uint8_t apic_id, std::uint32_t command) {
    constexpr std::uint32_t pending = 1U << 12;
    while ((reg(command_low) & pending) != 0) {
    }
    reg(command_high) = std::uint32_t{apic_id} << 24;
    reg(command_low) = command;
}

constexpr std::uint32_t assert_level = 1U << 14;

}  // namespace

void init_local_apic(PhysAddr registers) {
    local_registers = static_cast<volatile std::uint32_t*>(direct_map(registers));
    enable_local_apic();
}

void enable_local_apic() {
    constexpr std::uint64_t globally_enabled = 1U << 11;
    write_msr(Msr::apic_base, read_msr(Msr::apic_base) | globally_enabled);
    constexpr std::uint32_t software_enabled = 1U << 8;
    constexpr std::uint32_t divide_by_one = 0xb;
    reg(spurious) = software_enabled | spurious_vector;
    reg(lint0_entry) = masked;
    reg(lint1_entry) = deliver_nmi;
    reg(error_entry) = masked;
    reg(timer_divide) = divide_by_one;
    reg(timer_initial) = 0;
    reg(timer_entry) = timer_vector;
}

std::uint8_t local_apic_id() { return std::uint8_t(reg(id) >> 24); }
// Not inlined: it is where a test stops inside an interrupt.
[[gnu::noinline]] void end_of_interrupt() { reg(end) = 0; }
void interrupt_cpu(std::uint8_t apic_id) { send(apic_id, assert_level | notify_vector); }
void send_init(std::uint8_t apic_id) { send(apic_id, assert_level | 5U << 8); }
void send_start(std::uint8_t apic_id, std::uint8_t page) {
    send(apic_id, assert_level | 6U << 8 | page);
}
void stop_other_cpus() {
    constexpr std::uint32_t all_but_self = 3U << 18;
    if (local_registers != nullptr) send(0, all_but_self | assert_level | deliver_nmi);
}

void start_timer(std::uint32_t count) { reg(timer_initial) = count; }
std::uint32_t timer_count() { return reg(timer_current); }

}  // namespace exo::arch
