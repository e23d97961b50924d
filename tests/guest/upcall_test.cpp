// tests/guest/upcall_test.cpp - upcalls: what arrives, what was kept, what goes on, what ends.
#include <cstdint>

#include "lamina/rights.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/upcall/upcall.hpp"
#include "tests/guest/contexts.hpp"
#include "tests/guest/support.hpp"

#define GUEST_PROBE(name) \
    extern "C" const std::byte guest_##name[], guest_##name##_rip[], guest_##name##_next[];
GUEST_PROBE(divide)
GUEST_PROBE(step)
GUEST_PROBE(breakpoint)
GUEST_PROBE(overflow)
GUEST_PROBE(opcode)
GUEST_PROBE(halt)
GUEST_PROBE(interrupt)
GUEST_PROBE(segment)
GUEST_PROBE(canonical)
GUEST_PROBE(read)
GUEST_PROBE(write)
GUEST_PROBE(x87)
GUEST_PROBE(foreign)
extern "C" const std::byte guest_fetch[], guest_fetch_next[];
extern "C" const std::byte guest_foreign_entry[], guest_foreign_entry_shown[];
extern "C" const std::byte guest_wait_upcall[], guest_wait_upcall_end[];
extern "C" const std::byte guest_count_run[], guest_count_slice_end[];
extern "C" const std::byte libos_upcall_trap[], libos_resume[], libos_resume_end[],
    libos_upcall_stack_top[];

namespace {

using guest::flags_clear;
using guest::flags_set;
using guest::trap_flag;
using lamina::EndCause;
using lamina::SavedContext;
namespace sys = libos::sys;

constexpr auto vcpu = lamina::make_handle(lamina::slots::vcpu, 0);
constexpr std::uint64_t unmapped = 0x5800'0000'0123;
constexpr std::uint64_t non_canonical = 0x8000'0000'0000'0000;

std::uint64_t address(const std::byte* symbol) { return reinterpret_cast<std::uint64_t>(symbol); }

// An exception: how it is raised and how it is told of (Intel SDM vol. 3A, 6.15).
struct Probe {
    std::string_view name;
    const std::byte* code;
    const std::byte* rip;  // Null: where rdi points.
    const std::byte* next;
    std::uint64_t vector;
    std::uint64_t error;
    std::uint64_t rcx;
    std::uint64_t rdi;
    std::uint64_t address;
};

constexpr Probe probes[] = {
    {"divide", guest_divide, guest_divide_rip, guest_divide_next, 0, 0, 0, 5, 0},
    {"breakpoint", guest_breakpoint, guest_breakpoint_rip, guest_breakpoint_next, 3, 0, 4, 5, 0},
    {"overflow", guest_overflow, guest_overflow_rip, guest_overflow_next, 4, 0, 4, 5, 0},
    {"opcode", guest_opcode, guest_opcode_rip, guest_opcode_next, 6, 0, 4, 5, 0},
    {"halt", guest_halt, guest_halt_rip, guest_halt_next, 13, 0, 4, 5, 0},
    {"interrupt", guest_interrupt, guest_interrupt_rip, guest_interrupt_next, 13, 2, 4, 5, 0},
    {"segment", guest_segment, guest_segment_rip, guest_segment_next, 13, 0x1230, 0x1233, 5, 0},
    {"canonical", guest_canonical, guest_canonical_rip, guest_canonical_next, 13, 0, 4,
     non_canonical, 0},
    {"read", guest_read, guest_read_rip, guest_read_next, 14, 4, 4, unmapped, unmapped},
    {"write", guest_write, guest_write_rip, guest_write_next, 14, 6, 4, unmapped, unmapped},
    {"fetch", guest_fetch, nullptr, guest_fetch_next, 14, 0x14, 4, unmapped, unmapped},
    {"x87", guest_x87, guest_x87_rip, guest_x87_next, 16, 0, 4, 5, 0},
};

void fail(std::string_view name, std::string_view what) {
    libos::TextBuffer<100> why;
    put(why, name, ": ", what);
    libos::unity::fail(__FILE__, __LINE__, why.view());
}

// Raises the exception in a known context, and goes on behind it to a second one.
void try_probe(const Probe& probe, std::uint64_t seed, std::uint64_t rflags) {
    SavedContext context = guest::pattern_context(seed, probe.code, rflags);
    context.rcx = probe.rcx;
    context.rdi = probe.rdi;
    const auto vectors = guest::pattern_vectors(seed);
    guest::expect_exceptions(probe.next);
    guest_load_vectors(vectors);
    (void)guest_enter(&context);
    asm volatile("fninit");
    const auto seen = guest::seen();
    SavedContext expected = context;
    expected.rip = probe.rip != nullptr ? address(probe.rip) : probe.rdi;
    if (seen[0].vector != probe.vector || seen[0].error != probe.error ||
        seen[0].address != probe.address)
        return fail(probe.name, "told wrong");
    if (!guest::same(expected, seen[0].context)) return fail(probe.name, "registers told wrong");
    if (!(seen[0].vectors == vectors)) return fail(probe.name, "vector registers changed");
    if (seen[0].disabled != 1) return fail(probe.name, "not disabled");
    expected.rip = address(probe.next);
    if (seen[1].vector != 6 || !guest::same(expected, seen[1].context))
        return fail(probe.name, "went on with other registers");
    if (!(seen[1].vectors == vectors)) return fail(probe.name, "went on with other vectors");
    if (!guest::stack_is_untouched()) return fail(probe.name, "the stack was written");
    if (libos::vcpu_area().disabled != 0) return fail(probe.name, "still disabled");
}

void test_exceptions_arrive_exact_and_their_contexts_go_on() {
    std::uint64_t seed = 1;
    for (const auto& probe : probes) {
        for (const auto rflags : {flags_clear, flags_set})
            try_probe(probe, seed++, rflags);
        if (TEST_FAILED()) return;
    }
}

void test_a_context_with_the_trap_flag_takes_one_step() {
    for (const auto rflags : {flags_clear, flags_set}) {
        for (const auto enter : {guest_enter, guest_enter_by_range}) {
            const SavedContext context = guest::pattern_context(7, guest_step, rflags | trap_flag);
            guest::expect_exceptions(guest_step_next);
            (void)enter(&context);
            SavedContext expected = context;
            expected.rip = address(guest_step_rip);
            TEST_ASSERT_EQUAL(1U, guest::seen()[0].vector);
            TEST_ASSERT_TRUE(guest::same(expected, guest::seen()[0].context));
            // It went on with the flag, by the kernel; its next instruction faults first.
            TEST_ASSERT_EQUAL(6U, guest::seen()[1].vector);
            TEST_ASSERT_TRUE(guest::same(expected, guest::seen()[1].context));
        }
    }
}

void test_the_resume_range_loads_everything() {
    for (const auto rflags : {flags_clear, flags_set, flags_clear | 1 << 14, flags_clear | 1 << 18,
                              flags_clear | 1 << 10}) {
        const SavedContext context = guest::pattern_context(9, guest_opcode, rflags);
        const auto vectors = guest::pattern_vectors(9);
        guest::expect_exceptions(nullptr);
        guest_load_vectors(vectors);
        (void)guest_enter_by_range(&context);
        TEST_ASSERT_TRUE(guest::same(context, guest::seen()[0].context));
        TEST_ASSERT_TRUE(guest::seen()[0].vectors == vectors);
    }
}

// The range sees what came while upcalls were disabled, and the context goes on all the same.
void test_what_is_pending_is_done_before_the_context_goes_on() {
    const SavedContext context = guest::pattern_context(10, guest_opcode, flags_set);
    const auto vectors = guest::pattern_vectors(10);
    guest::expect_exceptions(nullptr);
    libos::vcpu_area().pending = lamina::pending_slice_end;
    guest_load_vectors(vectors);
    (void)guest_enter_by_range(&context);
    TEST_ASSERT_EQUAL(0U, libos::vcpu_area().pending);
    TEST_ASSERT_TRUE(guest::same(context, guest::seen()[0].context));
    TEST_ASSERT_TRUE(guest::seen()[0].vectors == vectors);
}

void test_a_resumed_context_has_only_flags_a_program_may_set() {
    const SavedContext context =
        guest::pattern_context(11, guest_opcode, ~std::uint64_t{0} & ~trap_flag);
    guest::expect_exceptions(nullptr);
    (void)guest_enter(&context);
    TEST_ASSERT_EQUAL(flags_set, guest::seen()[0].context.rflags & ~guest::resume_flag);
    const SavedContext none = guest::pattern_context(12, guest_opcode, 0);
    guest::expect_exceptions(nullptr);
    (void)guest_enter(&none);
    TEST_ASSERT_EQUAL(flags_clear, guest::seen()[0].context.rflags & ~guest::resume_flag);
}

// What libOS code binds, with some entries another.
lamina::VcpuEntries entries() {
    return {.run = 0,
            .trap = address(libos_upcall_trap),
            .slice_end = 0,
            .foreign = 0,
            .stack = address(libos_upcall_stack_top),
            .resume_start = address(libos_resume),
            .resume_end = address(libos_resume_end)};
}

lamina::Result<void> bind(const lamina::VcpuEntries& wanted) {
    libos::vcpu_area().user[1] = 0;
    libos::vcpu_area().user[2] = 0;
    return sys::vcpu_bind(vcpu, &libos::vcpu_area(), &wanted);
}

void test_a_foreign_call_keeps_all_but_rcx_and_r11() {
    auto wanted = entries();
    wanted.foreign = address(guest_foreign_entry);
    TEST_ASSERT_OK(bind(wanted));
    constexpr std::uint64_t words[] = {110, 0, ~std::uint64_t{0}, 0x4c41'4c01'0000'0000,
                                       0x8000'0000'0000'0001};
    for (const auto word : words) {
        for (const auto rflags : {flags_clear, flags_set}) {
            SavedContext context = guest::pattern_context(word, guest_foreign, rflags);
            context.rax = word;
            const auto vectors = guest::pattern_vectors(word);
            guest::expect_exceptions(nullptr);
            guest_load_vectors(vectors);
            (void)guest_enter(&context);
            const auto& area = libos::vcpu_area();
            TEST_ASSERT_EQUAL(address(guest_foreign_rip), area.foreign_rip);
            TEST_ASSERT_EQUAL(rflags, area.foreign_rflags & ~guest::resume_flag);
            const auto& found = guest::seen()[0];
            SavedContext expected = context;
            expected.rip = address(guest_foreign_entry_shown);
            expected.rflags = flags_clear;
            expected.rcx = found.context.rcx;
            expected.r11 = found.context.r11;
            TEST_ASSERT_TRUE(guest::same(expected, found.context));
            TEST_ASSERT_TRUE(found.vectors == vectors);
            TEST_ASSERT_TRUE(guest::stack_is_untouched());
        }
    }
}

// Another environment that always wants the CPU, for as long as this lives.
class Rival {
public:
    Rival() : child_(guest::start("victim", {"loop"})) {}
    ~Rival() {
        if (!child_) return;
        (void)sys::env_end(child_->env.get(), 0);
        (void)guest::wait_end(std::move(*child_));
    }
    bool runs() const { return child_.has_value(); }

private:
    lamina::Result<libos::Child> child_;
};

// Waits in a known context until an upcall was counted; the context must be what it was.
void wait_for_upcall(std::uint64_t rflags) {
    const SavedContext context = guest::pattern_context(21, guest_wait_upcall, rflags);
    const auto vectors = guest::pattern_vectors(21);
    guest::expect_exceptions(nullptr);
    guest_load_vectors(vectors);
    (void)guest_enter(&context);
    constexpr std::uint64_t compared_flags = 0x8d5;  // OF SF ZF AF PF CF
    const auto unlike = [&](const SavedContext& found) {
        SavedContext expected = context;
        expected.rip = found.rip;
        expected.rflags = (rflags & ~compared_flags) | (found.rflags & compared_flags);
        return !guest::same(expected, found);
    };
    const auto& area = libos::vcpu_area();
    TEST_ASSERT_FALSE(unlike(area.enabled));
    TEST_ASSERT_TRUE(area.enabled.rip >= address(guest_wait_upcall));
    TEST_ASSERT_TRUE(area.enabled.rip < address(guest_wait_upcall_end));
    TEST_ASSERT_FALSE(unlike(guest::seen()[0].context));
    TEST_ASSERT_TRUE(guest::seen()[0].vectors == vectors);
    TEST_ASSERT_TRUE(guest::stack_is_untouched());
}

void test_a_preempted_context_is_found_at_the_run_entry() {
    const Rival rival;
    TEST_ASSERT_TRUE(rival.runs());
    for (const auto rflags : {flags_clear, flags_set}) {
        auto wanted = entries();
        wanted.run = address(guest_count_run);
        TEST_ASSERT_OK(bind(wanted));
        wait_for_upcall(rflags);
        TEST_ASSERT_TRUE(libos::vcpu_area().user[1] > 0);
        if (TEST_FAILED()) return;
    }
}

// The slice_end entry goes on as if there were no end, so that the vCPU is preempted by force.
void test_a_slice_end_without_yield_is_preempted_after_its_grace() {
    const Rival rival;
    TEST_ASSERT_TRUE(rival.runs());
    auto wanted = entries();
    wanted.run = address(guest_count_run);
    wanted.slice_end = address(guest_count_slice_end);
    TEST_ASSERT_OK(bind(wanted));
    wait_for_upcall(flags_set);
    const auto& area = libos::vcpu_area();
    // A grace that was over in the resume range has led to no upcall.
    TEST_ASSERT_TRUE(area.user[2] >= 1);
    TEST_ASSERT_EQUAL(1U, area.user[1]);
}

void test_a_masked_slice_end_is_pending_and_nothing_is_lost() {
    const Rival rival;
    TEST_ASSERT_TRUE(rival.runs());
    auto wanted = entries();
    wanted.run = address(guest_count_run);
    wanted.slice_end = address(guest_count_slice_end);
    TEST_ASSERT_OK(bind(wanted));
    auto& area = libos::vcpu_area();
    area.pending = 0;
    std::uint64_t kept = 0x1234'5678;
    asm volatile(
        "movq $1, %%gs:%c1\n"
        "1: cmpq $0, %%gs:%c2\n"
        "je 1b\n"
        : "+r"(kept)
        : "i"(AREA_DISABLED), "i"(AREA_PENDING)
        : "memory", "cc");
    TEST_ASSERT_EQUAL(0x1234'5678U, kept);
    TEST_ASSERT_EQUAL(lamina::pending_slice_end, area.pending);
    // Preempted by force and resumed where it was: neither entry was entered.
    TEST_ASSERT_OK(sys::vcpu_yield());
    TEST_ASSERT_EQUAL(0U, area.user[1]);
    TEST_ASSERT_EQUAL(0U, area.user[2]);
    TEST_ASSERT_EQUAL(1U, area.disabled);
    area.pending = 0;
    area.disabled = 0;
}

void test_a_refused_bind_leaves_the_old_one() {
    TEST_ASSERT_OK(bind(entries()));
    auto bad = entries();
    bad.trap = 0xffff'8000'0000'0000;
    TEST_ASSERT_STATUS(bad_address, bind(bad));
    const auto straddling = reinterpret_cast<std::uint64_t>(&libos::vcpu_area()) +
                            lamina::page_size - lamina::vcpu_area_alignment;
    const auto good = entries();
    TEST_ASSERT_STATUS(bad_address, sys::vcpu_bind(vcpu, straddling, &good));
    TEST_ASSERT_STATUS(not_mapped, sys::vcpu_bind(vcpu, std::uint64_t{0x5800'0000'0000}, &good));
    TEST_ASSERT_STATUS(
        not_mapped,
        sys::vcpu_bind(vcpu, libos_upcall_trap - address(libos_upcall_trap) % 4096, &good));
    try_probe(probes[0], 31, flags_set);
}

// Ends, by an app that goes wrong in its upcalls.
void expect_fault(std::string_view deed, std::uint32_t vector) {
    const auto report = guest::run("hostile", {deed});
    TEST_ASSERT_EQUAL(EndCause::faulted, report.cause);
    TEST_ASSERT_EQUAL(vector, report.vector);
}

void test_an_unhandled_exception_ends_with_its_own_report() {
    const auto report = guest::run("hostile", {"unhandled"});
    TEST_ASSERT_EQUAL(EndCause::faulted, report.cause);
    TEST_ASSERT_EQUAL(14U, report.vector);
    TEST_ASSERT_EQUAL(6U, report.error_code);
    TEST_ASSERT_EQUAL(0x5800'0000'0000U, report.address);
    // rax rbx rcx rdx rsi rdi rbp r8-r15
    for (std::uint64_t i = 0; i < 15; ++i)
        if (i != 5 && i != 6) TEST_ASSERT_EQUAL(0x1000 + i, report.registers[i]);
    TEST_ASSERT_EQUAL(0x5800'0000'0000U, report.registers[5]);
}

void test_a_fault_in_the_fault_handler_ends() {
    const auto report = guest::run("hostile", {"fault_in_handler"});
    TEST_ASSERT_EQUAL(EndCause::faulted, report.cause);
    TEST_ASSERT_EQUAL(14U, report.vector);
    TEST_ASSERT_EQUAL(0x5900'0000'0000U, report.address);
}

void test_a_foreign_call_while_disabled_ends() {
    const auto report = guest::run("hostile", {"foreign_while_disabled"});
    TEST_ASSERT_EQUAL(EndCause::foreign_while_disabled, report.cause);
    TEST_ASSERT_EQUAL(lamina::status_faulted, report.status);
    TEST_ASSERT_EQUAL(4242U, report.registers[0]);
}

void test_an_exception_in_the_resume_range_ends() { expect_fault("fault_in_range", 14); }

// The kernel writes by its own mapping; the app then faults at its own area.
void test_an_area_unmapped_by_its_app_harms_that_app_only() {
    const auto free = guest::frames_free();
    expect_fault("area_unmapped", 14);
    TEST_ASSERT_EQUAL(free, guest::frames_free());
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (!libos::start_upcalls()) return 1;
    guest::hook_exceptions();
    RUN_TEST(test_exceptions_arrive_exact_and_their_contexts_go_on);
    RUN_TEST(test_a_context_with_the_trap_flag_takes_one_step);
    RUN_TEST(test_the_resume_range_loads_everything);
    RUN_TEST(test_what_is_pending_is_done_before_the_context_goes_on);
    RUN_TEST(test_a_resumed_context_has_only_flags_a_program_may_set);
    RUN_TEST(test_a_foreign_call_keeps_all_but_rcx_and_r11);
    RUN_TEST(test_a_preempted_context_is_found_at_the_run_entry);
    RUN_TEST(test_a_slice_end_without_yield_is_preempted_after_its_grace);
    RUN_TEST(test_a_masked_slice_end_is_pending_and_nothing_is_lost);
    RUN_TEST(test_a_refused_bind_leaves_the_old_one);
    RUN_TEST(test_an_unhandled_exception_ends_with_its_own_report);
    RUN_TEST(test_a_fault_in_the_fault_handler_ends);
    RUN_TEST(test_a_foreign_call_while_disabled_ends);
    RUN_TEST(test_an_exception_in_the_resume_range_ends);
    RUN_TEST(test_an_area_unmapped_by_its_app_harms_that_app_only);
    return libos::unity::end();
}
