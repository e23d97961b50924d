// tests/ring0/traffic.cpp - an app that enters the kernel in every way, over and over, and checks
// that it comes back as it should.
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/layout.hpp"
#include "lamina/vcpu.hpp"
#include "libos/console/console.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"

extern "C" {

alignas(lamina::vcpu_area_alignment) lamina::VcpuArea traffic_area;
void traffic_trap();
void traffic_foreign();
void traffic_other();

}  // extern "C"

// The trap entry goes on behind the two bytes of the instruction, the foreign entry returns 77.
asm(".text\n"
    "traffic_trap:\n"
    "  mov traffic_area+272+128(%rip), %rsp\n"
    "  mov traffic_area+272+136(%rip), %rcx\n"
    "  add $2, %rcx\n"
    "  movq $0, traffic_area+8(%rip)\n"
    "  jmp *%rcx\n"
    "traffic_foreign:\n"
    "  mov $77, %eax\n"
    "  mov traffic_area+32(%rip), %rcx\n"
    "  movq $0, traffic_area+8(%rip)\n"
    "  jmp *%rcx\n"
    "traffic_other:\n"
    "  mov %rdi, %rbx\n"
    "1:\n"
    "  mov %rbx, %rax\n"
    "  syscall\n"
    "  jmp 1b\n");
static_assert(AREA_TRAP == 272 && SAVED_RSP == 128 && SAVED_RIP == 136 && AREA_DISABLED == 8 &&
              AREA_FOREIGN_RIP == 32);

namespace {

constexpr std::uint64_t fs_base = 0x1234'5000;
constexpr std::uint64_t gs_base = 0x4321'7000;
constexpr auto vcpu = lamina::make_handle(lamina::slots::vcpu, 0);
constexpr auto account = lamina::make_handle(lamina::slots::account, 0);

/// Another vCPU, which yields all the time.
lamina::Handle other = lamina::Handle::null;

bool start_other() {
    namespace sys = libos::sys;
    const auto made = sys::vcpu_create(lamina::Handle::null, account, 0);
    if (!made) return false;
    other = *made;
    return sys::vcpu_start(other, reinterpret_cast<std::uint64_t>(traffic_other), lamina::page_size,
                           sys::tagged(lamina::Call::vcpu_yield))
        .has_value();
}

alignas(16) constinit std::byte upcall_stack[4096] = {};

bool bases_kept() {
    std::uint64_t fs;
    std::uint64_t gs;
    asm volatile("rdfsbase %0\n rdgsbase %1" : "=r"(fs), "=r"(gs));
    return fs == fs_base && gs == gs_base;
}

/// Raises an invalid opcode, with known values in registers; whether they come back.
bool invalid_opcode() {
    std::uint64_t rbx = 0x1111;
    std::uint64_t r11 = 0x2222;
    std::uint64_t r15 = 0x3333;
    asm volatile(
        "mov %0, %%rbx\n mov %1, %%r11\n mov %2, %%r15\n ud2\n"
        "mov %%rbx, %0\n mov %%r11, %1\n mov %%r15, %2"
        : "+m"(rbx), "+m"(r11), "+m"(r15)
        :
        : "rax", "rbx", "rcx", "r11", "r15", "memory", "cc");
    return rbx == 0x1111 && r11 == 0x2222 && r15 == 0x3333 && traffic_area.trap_vector == 6;
}

/// Reads where nothing is mapped; whether the address is told.
bool page_fault() {
    constexpr std::uint64_t nowhere = 0x1234;
    asm volatile("mov (%%rax), %%eax" : : "a"(nowhere) : "rcx", "memory", "cc");
    return traffic_area.trap_vector == 14 && traffic_area.trap_address == nowhere;
}

/// The first thing that is not as it should be; null if all is well.
const char* round() {
    using lamina::Status;
    using namespace libos::sys;
    if (enter(tagged(lamina::Call::null)).status != Status::ok) return "null";
    if (enter(tagged(lamina::Call(4711))).status != Status::bad_call) return "bad number";
    if (enter(tagged(lamina::Call::null, lamina::call_tag + 1)).status != Status::bad_call)
        return "another version";
    if (std::uint64_t(enter(39).status) != 77) return "foreign call";
    if (enter(tagged(lamina::Call::vcpu_yield)).status != Status::ok) return "yield";
    if (enter(tagged(lamina::Call::vcpu_yield_to), std::uint64_t(other)).status != Status::ok)
        return "yield to another";
    if (!page_fault()) return "page fault";
    if (!invalid_opcode()) return "invalid opcode";
    if (traffic_area.trap_address != 0) return "an address of no page fault";
    if (!bases_kept()) return "FS or GS base";
    return nullptr;
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    const lamina::VcpuEntries entries = {
        .run = 0,
        .trap = reinterpret_cast<std::uint64_t>(traffic_trap),
        .slice_end = 0,
        .foreign = reinterpret_cast<std::uint64_t>(traffic_foreign),
        .stack = reinterpret_cast<std::uint64_t>(upcall_stack + sizeof upcall_stack),
        .resume_start = 0,
        .resume_end = 0,
    };
    asm volatile("wrfsbase %0\n wrgsbase %1" : : "r"(fs_base), "r"(gs_base));
    if (!libos::sys::vcpu_bind(vcpu, &traffic_area, &entries)) return 1;
    if (!start_other()) return 2;
    libos::print("traffic runs\n");
    for (;;)
        if (const char* wrong = round(); wrong != nullptr) {
            libos::print("traffic: wrong: ", std::string_view(wrong), "\n");
            return 1;
        }
}
