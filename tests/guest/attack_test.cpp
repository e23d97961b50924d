// tests/guest/attack_test.cpp - attacks on the kernel and on neighbours: the attacker gets its
// error or ends, another environment computes on beside it, and every frame comes back.
#include <cstdint>
#include <string_view>

#include "lamina/layout.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "tests/guest/hostile_instructions.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::EndCause;
namespace sys = libos::sys;

constexpr std::uint32_t debug = 1;
constexpr std::uint32_t breakpoint = 3;
constexpr std::uint32_t overflow = 4;
constexpr std::uint32_t invalid_opcode = 6;
constexpr std::uint32_t general_protection = 13;
constexpr std::uint32_t page_fault = 14;
// QEMU reads the stack of a far return as the kernel would, which SMAP forbids.
constexpr std::uint32_t any_vector = 255;

// How an attacker has to end: by itself with 0, or with the exception.
struct Attack {
    std::string_view deed;
    EndCause cause;
    std::uint32_t vector;
    std::uint64_t address = 0;  // Of a page fault; 0: any.
    bool may_pass = false;      // Emulators do not check what processors do.
};

constexpr Attack refused(std::string_view deed) { return {deed, EndCause::exited, 0}; }
constexpr Attack faults(std::string_view deed, std::uint32_t vector, std::uint64_t address = 0) {
    return {deed, EndCause::faulted, vector, address};
}

constexpr Attack on_areas[] = {
    refused("bind_area_at_hostile_addresses"),
    refused("bind_area_misaligned"),
    refused("bind_area_across_pages"),
    refused("bind_area_on_code"),
    refused("bind_area_on_read_only_memory"),
    refused("bind_entries_at_hostile_addresses"),
    refused("bind_entries_across_the_end_of_memory"),
    refused("bind_hostile_entries"),
    refused("bind_range_backwards"),
    refused("bind_by_other_capabilities"),
    faults("area_unmapped", page_fault),
    faults("area_read_only", page_fault),
    refused("area_given_up"),
    faults("area_overwritten", invalid_opcode),
    refused("area_with_kernel_contexts"),
};

constexpr Attack on_upcalls[] = {
    faults("resume_kernel_context", page_fault),
    faults("resume_to_kernel", page_fault, 0xffff'ffff'8010'0000),
    faults("resume_to_non_canonical", general_protection),
    faults("breakpoint_unhandled", breakpoint),
    faults("overflow_unhandled", overflow),
    faults("step_unhandled", debug),
    faults("trap_entry_unmapped", page_fault, 0x5800'0000'0000),
    faults("trap_entry_at_the_end", page_fault, lamina::user_end),
    faults("trap_entry_on_data", page_fault),
    faults("upcall_stack_unmapped", page_fault),
    faults("upcall_stack_null", page_fault, 0xffff'ffff'ffff'fff8),
    faults("upcall_stack_on_code", page_fault),
    faults("range_is_everything", invalid_opcode),
    faults("foreign_entry_unmapped", page_fault, 0x5800'0000'0000),
    refused("range_around_a_loop"),
    faults("unhandled", page_fault, 0x5800'0000'0000),
    faults("fault_in_handler", page_fault, 0x5900'0000'0000),
    refused("nested_handler"),
    {"foreign_while_disabled", EndCause::foreign_while_disabled, 0},
    faults("fault_in_range", page_fault),
    refused("resume_at_hostile_addresses"),
    refused("resume_context_across_the_end_of_memory"),
    faults("resume_with_kernel_stack", page_fault),
    refused("resume_with_privileged_flags"),
};

constexpr Attack on_entry[] = {
    refused("call_with_direction_flag"),
    refused("call_with_nested_task_flag"),
    refused("call_with_alignment_flag"),
    faults("call_with_trap_flag", debug),
    refused("exception_with_direction_flag"),
    refused("exception_with_nested_task_flag"),
    refused("exception_with_alignment_flag"),
    faults("exception_with_trap_flag", debug),
    refused("calls_on_hostile_stacks"),
    refused("calls_with_kernel_gs"),
    faults("exception_with_kernel_gs", page_fault),
    {"non_canonical_gs", EndCause::faulted, general_protection, 0, true},
    {"non_canonical_fs", EndCause::faulted, general_protection, 0, true},
    refused("flags_from_popf"),
    faults("jump_to_kernel", page_fault, 0xffff'ffff'8010'0000),
    faults("jump_to_direct_map", page_fault, 0xffff'8000'0000'1000),
    faults("jump_to_non_canonical", general_protection),
    faults("jump_to_the_end", page_fault, lamina::user_end),
    faults("far_return_to_kernel_code", any_vector),
    faults("far_return_to_kernel_code_as_user", any_vector),
    faults("interrupt_return_to_kernel", any_vector),
    faults("load_kernel_data_segment", general_protection),
    faults("restore_bad_extended_state", general_protection),
    refused("kernel_pointers_everywhere"),
};

constexpr Attack on_memory[] = {
    refused("guess_handles"),
    refused("look_for_secrets"),
    refused("write_start_block"),
    refused("write_info_pages"),
    refused("map_past_the_run"),
    refused("map_at_hostile_addresses"),
    faults("unmap_own_code", page_fault),
    faults("unmap_own_stack", page_fault),
    faults("drop_everything", invalid_opcode),
};

#define HOSTILE_INSTRUCTION(name, text) #name,
constexpr std::string_view instructions[] = {HOSTILE_INSTRUCTIONS(HOSTILE_INSTRUCTION)};
#undef HOSTILE_INSTRUCTION

void complain(const Attack& attack, const lamina::EnvReport& report, std::string_view what) {
    libos::TextBuffer<200> why;
    put(why, attack.deed, ": ", what, "; cause ", std::uint32_t(report.cause), " status ",
        report.status, " vector ", report.vector, " address ", libos::Hex{report.address}, " rip ",
        libos::Hex{report.rip});
    libos::unity::fail(__FILE__, __LINE__, why.view());
}

// The attack, while another environment computes.
void try_attack(const Attack& attack) {
    const auto free = guest::frames_free();
    auto neighbour = guest::start("hostile", {"compute"});
    TEST_ASSERT_OK(neighbour);
    const auto report = guest::run("hostile", {attack.deed});
    const bool passed = report.cause == EndCause::exited && report.status == 0;
    const bool as_told =
        attack.cause == EndCause::exited
            ? passed
            : report.cause == attack.cause &&
                  (attack.vector == any_vector || report.vector == attack.vector) &&
                  (attack.address == 0 || report.address == attack.address);
    const auto computed = guest::wait_end(std::move(*neighbour));
    if (!as_told && !(attack.may_pass && passed))
        return complain(attack, report, "ended otherwise");
    if (computed.cause != EndCause::exited || computed.status != 0)
        return complain(attack, computed, "the neighbour was harmed");
    if (guest::frames_free() != free) return complain(attack, report, "frames were lost");
}

void try_attacks(std::span<const Attack> attacks) {
    // The first maps what this app keeps.
    (void)guest::run("hostile", {"compute"});
    for (const auto& attack : attacks) {
        try_attack(attack);
        if (TEST_FAILED()) return;
    }
}

void test_attacks_on_areas() { try_attacks(on_areas); }
void test_attacks_on_upcalls() { try_attacks(on_upcalls); }
void test_attacks_on_the_ways_in() { try_attacks(on_entry); }
void test_attacks_on_memory() { try_attacks(on_memory); }

void test_instructions_of_the_kernel_only() {
    for (const auto name : instructions) {
        // The one has no meaning in user mode, the others are forbidden there.
        const bool undefined = name == "instruction_stac" || name == "instruction_vmcall";
        try_attack(faults(name, undefined ? invalid_opcode : general_protection));
        if (TEST_FAILED()) return;
    }
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_attacks_on_areas);
    RUN_TEST(test_attacks_on_upcalls);
    RUN_TEST(test_attacks_on_the_ways_in);
    RUN_TEST(test_attacks_on_memory);
    RUN_TEST(test_instructions_of_the_kernel_only);
    return libos::unity::end();
}
