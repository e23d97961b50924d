// tests/guest/hostile_entry.cpp - ways into the kernel with odd flags, stacks, segments and
// instructions.
#include <array>
#include <cstdint>

#include "tests/guest/hostile.hpp"
#include "tests/guest/hostile_instructions.hpp"

extern "C" std::uint32_t hostile_call_on_stack(std::uint64_t rsp);

namespace hostile {
namespace {

namespace fixed = libos::fixed;
namespace sys = libos::sys;

// --- calls with odd flags, stacks and segment bases

// The kernel must not be impressed by what rflags is at the call.
template <std::uint64_t flag>
int call_with_flag() {
    lamina::CapInfo info = {};
    std::uint64_t rax = sys::tagged(lamina::Call::cap_inspect);
    asm volatile(
        "pushfq\n"
        "orq %[flag], (%%rsp)\n"
        "popfq\n"
        "syscall\n"
        "pushfq\n"
        "andq %[rest], (%%rsp)\n"
        "popfq\n"
        : "+a"(rax)
        : [flag] "i"(flag), [rest] "i"(std::int32_t(~flag)), "D"(std::uint64_t(fixed::account)),
          "S"(&info)
        : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return rax == 0 && info.type == lamina::ObjectType::account ? refused : accepted;
}

template <std::uint64_t flag>
int exception_with_flag() {
    start();
    asm volatile(
        "pushfq\n"
        "orq %[flag], (%%rsp)\n"
        "popfq\n"
        "ud2\n"
        "pushfq\n"
        "andq %[rest], (%%rsp)\n"
        "popfq\n"
        :
        : [flag] "i"(flag), [rest] "i"(std::int32_t(~flag))
        : "memory");
    return refused;
}

int calls_on_hostile_stacks() {
    start();
    for (const auto target : hostile_addresses)
        if (hostile_call_on_stack(target) != 0) return accepted;
    return hostile_call_on_stack(0) == 0 ? refused : accepted;
}

int calls_with_kernel_gs() {
    std::uint64_t old;
    asm volatile("rdgsbase %0" : "=r"(old));
    asm volatile("wrgsbase %0" : : "r"(direct_map));
    (void)sys::null();
    (void)sys::vcpu_yield();
    (void)sys::enter(4242);
    std::uint64_t now;
    asm volatile("rdgsbase %0" : "=r"(now));
    asm volatile("wrgsbase %0" : : "r"(old));
    return now == direct_map ? refused : accepted;
}

int exception_with_kernel_gs() {
    start();
    asm volatile("wrgsbase %0" : : "r"(direct_map));
    asm volatile("ud2");
    return accepted;
}

// Where the processor lets it pass, the kernel must stand it.
int non_canonical_gs() {
    asm volatile("wrgsbase %0" : : "r"(non_canonical));
    (void)sys::null();
    (void)sys::vcpu_yield();
    return refused;
}

int non_canonical_fs() {
    asm volatile("wrfsbase %0" : : "r"(non_canonical));
    (void)sys::null();
    (void)sys::vcpu_yield();
    return refused;
}

int flags_from_popf() {
    std::uint64_t flags;
    asm volatile("pushfq\n orq $0x3000, (%%rsp)\n andq $-0x201, (%%rsp)\n popfq\n pushfq\n pop %0"
                 : "=r"(flags));
    return (flags & 0x3200) == 0x200 ? refused : accepted;
}

// --- jumps out of the program

void jump(std::uint64_t target) { asm volatile("jmp *%0" : : "r"(target)); }

int jump_to_kernel() { return jump(kernel_image), accepted; }
int jump_to_direct_map() { return jump(direct_map), accepted; }
int jump_to_non_canonical() { return jump(non_canonical), accepted; }
int jump_to_the_end() { return jump(lamina::user_end), accepted; }

void far_return(std::uint64_t selector) {
    asm volatile("push %0\n leaq 1f(%%rip), %%rax\n push %%rax\n lretq\n 1:"
                 :
                 : "r"(selector)
                 : "rax", "memory");
}
int far_return_to_kernel_code() { return far_return(8), accepted; }
int far_return_to_kernel_code_as_user() { return far_return(8 | 3), accepted; }

int interrupt_return_to_kernel() {
    asm volatile(
        "pushq $0x10\n push %%rsp\n pushq $0x2\n pushq $0x8\n leaq 1f(%%rip), %%rax\n"
        "push %%rax\n iretq\n 1:"
        :
        :
        : "rax");
    return accepted;
}

int load_kernel_data_segment() {
    asm volatile("mov %w0, %%ss" : : "r"(0x10));
    return accepted;
}

// An area of extended state with impossible contents.
int restore_bad_extended_state() {
    alignas(64) static std::array<std::uint64_t, 1024> area;
    area[64] = ~std::uint64_t{0};  // XSTATE_BV: components that do not exist
    asm volatile("xrstor %0" : : "m"(area), "a"(-1), "d"(-1));
    return accepted;
}

// Privileged instructions: each is a deed of its own.
#define HOSTILE_INSTRUCTION(name, text)                         \
    int name() {                                                \
        asm volatile(text : : : "rax", "rcx", "rdx", "memory"); \
        return accepted;                                        \
    }
HOSTILE_INSTRUCTIONS(HOSTILE_INSTRUCTION)
#undef HOSTILE_INSTRUCTION
#define HOSTILE_INSTRUCTION(name, text) {#name, name},

constexpr Deed deeds[] = {{"call_with_direction_flag", call_with_flag<0x400>},
                          {"call_with_nested_task_flag", call_with_flag<0x4000>},
                          {"call_with_alignment_flag", call_with_flag<0x4'0000>},
                          {"call_with_trap_flag", call_with_flag<0x100>},
                          {"exception_with_direction_flag", exception_with_flag<0x400>},
                          {"exception_with_nested_task_flag", exception_with_flag<0x4000>},
                          {"exception_with_alignment_flag", exception_with_flag<0x4'0000>},
                          {"exception_with_trap_flag", exception_with_flag<0x100>},
                          {"calls_on_hostile_stacks", calls_on_hostile_stacks},
                          {"calls_with_kernel_gs", calls_with_kernel_gs},
                          {"non_canonical_gs", non_canonical_gs},
                          {"non_canonical_fs", non_canonical_fs},
                          {"flags_from_popf", flags_from_popf},
                          {"jump_to_kernel", jump_to_kernel},
                          {"jump_to_direct_map", jump_to_direct_map},
                          {"jump_to_non_canonical", jump_to_non_canonical},
                          {"jump_to_the_end", jump_to_the_end},
                          {"far_return_to_kernel_code_as_user", far_return_to_kernel_code_as_user},
                          {"interrupt_return_to_kernel", interrupt_return_to_kernel},
                          {"load_kernel_data_segment", load_kernel_data_segment},
                          {"restore_bad_extended_state", restore_bad_extended_state},
                          {"exception_with_kernel_gs", exception_with_kernel_gs},
                          {"far_return_to_kernel_code", far_return_to_kernel_code},
                          HOSTILE_INSTRUCTIONS(HOSTILE_INSTRUCTION)};

}  // namespace

std::span<const Deed> entry_deeds() { return deeds; }

}  // namespace hostile
