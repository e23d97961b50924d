// tests/guest/hostile_upcalls.cpp - upcalls and contexts that lead nowhere.
#include <array>
#include <cstdint>

#include "libos/rt/app.hpp"
#include "libos/upcall/upcall.hpp"
#include "tests/guest/hostile.hpp"

extern "C" {
[[noreturn]] void hostile_write_nowhere();
[[noreturn]] void hostile_range_loop();
[[noreturn]] void hostile_range_restarted();
extern const std::byte hostile_range_start[], hostile_range_end[], libos_resume_end[];
}

namespace hostile {
namespace {

using lamina::SavedContext;
using lamina::Status;
using lamina::VcpuEntries;
namespace sys = libos::sys;

[[noreturn]] void resume_thread(std::uint64_t thread) {
    libos::vcpu_area().disabled = 1;
    libos::vcpu_area().thread = thread;
    asm volatile("jmp libos_resume" : : : "memory");
    __builtin_unreachable();
}

[[noreturn]] void resume_at(std::uint64_t rip) {
    start();
    static SavedContext context;
    context = {};
    context.rip = rip;
    resume_thread(address(&context));
}

int resume_kernel_context() {
    start();
    resume_thread(direct_map);
}

int resume_to_kernel() { resume_at(kernel_image); }
int resume_to_non_canonical() { resume_at(non_canonical); }

// --- upcalls that lead nowhere

template <typename Change>
int exception_with(Change change) {
    start();
    VcpuEntries entries = good_entries();
    change(entries);
    if (!bind(entries)) return 2;
    asm volatile("ud2");
    return accepted;
}

int trap_entry_unmapped() {
    return exception_with([](VcpuEntries& entries) { entries.trap = nowhere; });
}
int trap_entry_at_the_end() {
    return exception_with([](VcpuEntries& entries) { entries.trap = lamina::user_end; });
}
int trap_entry_on_data() {
    return exception_with(
        [](VcpuEntries& entries) { entries.trap = address(&libos::vcpu_area()); });
}
int upcall_stack_unmapped() {
    return exception_with([](VcpuEntries& entries) { entries.stack = nowhere; });
}
int upcall_stack_null() {
    return exception_with([](VcpuEntries& entries) { entries.stack = 0; });
}
int upcall_stack_on_code() {
    return exception_with([](VcpuEntries& entries) { entries.stack = address(libos_resume_end); });
}
int range_is_everything() {
    return exception_with([](VcpuEntries& entries) {
        entries.resume_start = lamina::user_start;
        entries.resume_end = lamina::user_end;
    });
}

int foreign_entry_unmapped() {
    start();
    VcpuEntries entries = good_entries();
    entries.foreign = nowhere;
    if (!bind(entries)) return 2;
    (void)sys::enter(4242);
    return accepted;
}

int range_around_a_loop() {
    start();
    VcpuEntries entries = good_entries();
    entries.resume_start = address(hostile_range_start);
    entries.resume_end = address(hostile_range_end);
    if (!bind(entries)) return 2;
    hostile_range_loop();
}

int unhandled() {
    start();
    hostile_write_nowhere();
}

// Exceptions that are told of behind their instruction: unhandled they must not be passed over.
int breakpoint_unhandled() {
    start();
    asm volatile("int3");
    return accepted;
}
int overflow_unhandled() {
    start();
    asm volatile("int $4");
    return accepted;
}
int step_unhandled() {
    start();
    asm volatile("pushfq\n orq $0x100, (%%rsp)\n popfq\n nop" : : : "memory");
    return accepted;
}

int fault_in_handler() {
    start();
    libos::set_trap_handler(14, [](lamina::VcpuArea&) {
        *reinterpret_cast<volatile char*>(0x5900'0000'0000) = 1;
        return true;
    });
    hostile_write_nowhere();
}

// A handler that enables before it has copied the trap area loses it, and nobody else anything.
int nested_handler() {
    start();
    static int depth = 0;
    libos::set_trap_handler(14, [](lamina::VcpuArea& area) {
        if (++depth == 1000) libos::exit(refused);
        area.disabled = 0;
        *reinterpret_cast<volatile char*>(0x5900'0000'0000) = 1;
        return true;
    });
    hostile_write_nowhere();
}

int foreign_while_disabled() {
    start();
    libos::vcpu_area().disabled = 1;
    (void)sys::enter(4242);
    return accepted;
}

int fault_in_range() {
    start();
    resume_thread(nowhere);
}

// --- contexts for vcpu_resume

int resume_at_hostile_addresses() {
    SavedContext context = {};
    for (const auto target : hostile_addresses) {
        context.rip = target;
        if (!is(sys::vcpu_resume(&context), Status::bad_address)) return accepted;
        if (!is(sys::vcpu_resume(target), Status::bad_address)) return 2;
    }
    return refused;
}

int resume_context_across_the_end_of_memory() {
    const auto page = map_page();
    const auto last = page + lamina::page_size - sizeof(SavedContext) + 8;
    return is(sys::vcpu_resume(last), Status::not_mapped) ? refused : accepted;
}

// With another stack pointer the call after it must fail in user mode only.
int resume_with_kernel_stack() {
    static SavedContext context = {};
    context.rip = address(reinterpret_cast<const void*>(&hostile_write_nowhere));
    context.rsp = direct_map;
    (void)sys::vcpu_resume(&context);
    return accepted;
}

int resume_with_privileged_flags() {
    static SavedContext context = {};
    context.rip = address(reinterpret_cast<const void*>(+[] {
        std::uint64_t flags;
        asm volatile("pushfq\n pop %0" : "=r"(flags));
        // IF on; IOPL, VM, VIF, VIP and the reserved bits clear
        libos::exit((flags & ~0x25'4ed7ULL) == 0 && (flags & 0x200) != 0 ? refused : accepted);
    }));
    static std::array<std::uint64_t, 512> stack;
    context.rsp = address(&stack[500]) - 8;
    context.rflags = ~std::uint64_t{0x100};
    (void)sys::vcpu_resume(&context);
    return 2;
}

constexpr Deed deeds[] = {
    {"resume_kernel_context", resume_kernel_context},
    {"resume_to_kernel", resume_to_kernel},
    {"resume_to_non_canonical", resume_to_non_canonical},
    {"trap_entry_unmapped", trap_entry_unmapped},
    {"trap_entry_at_the_end", trap_entry_at_the_end},
    {"trap_entry_on_data", trap_entry_on_data},
    {"upcall_stack_null", upcall_stack_null},
    {"upcall_stack_on_code", upcall_stack_on_code},
    {"foreign_entry_unmapped", foreign_entry_unmapped},
    {"range_around_a_loop", range_around_a_loop},
    {"breakpoint_unhandled", breakpoint_unhandled},
    {"overflow_unhandled", overflow_unhandled},
    {"fault_in_handler", fault_in_handler},
    {"nested_handler", nested_handler},
    {"fault_in_range", fault_in_range},
    {"resume_with_kernel_stack", resume_with_kernel_stack},
    {"upcall_stack_unmapped", upcall_stack_unmapped},
    {"range_is_everything", range_is_everything},
    {"unhandled", unhandled},
    {"step_unhandled", step_unhandled},
    {"foreign_while_disabled", foreign_while_disabled},
    {"resume_at_hostile_addresses", resume_at_hostile_addresses},
    {"resume_context_across_the_end_of_memory", resume_context_across_the_end_of_memory},
    {"resume_with_privileged_flags", resume_with_privileged_flags},
};

}  // namespace

std::span<const Deed> upcall_deeds() { return deeds; }

}  // namespace hostile

// The interrupt that came inside the range has sent the program to its start.
void hostile_range_restarted() {
    libos::exit(libos::vcpu_area().disabled == 1 ? hostile::refused : hostile::accepted);
}
