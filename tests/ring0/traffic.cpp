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
void traffic_gate();
/// gate_call with these words, which those of the reply replace. The status, or 100 if rbp is
/// another after it.
std::uint64_t traffic_call(std::uint64_t gate, std::uint64_t* words);
extern const std::uint64_t traffic_call_word = libos::sys::tagged(lamina::Call::gate_call);
extern const std::uint64_t traffic_return_word = libos::sys::tagged(lamina::Call::gate_return);

}  // extern "C"

// The trap entry goes on behind the two bytes of the instruction, the foreign entry returns 77, the
// gate adds one to each word of a call and leaves the other registers changed.
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
    "  mov $39, %eax\n"
    "  syscall\n"
    "  mov %rbx, %rax\n"
    "  syscall\n"
    "  jmp 1b\n"
    "traffic_gate:\n"
    "  .irp word, rdx, rbx, r12, r13, r14, r15\n"
    "  inc %\\word\n"
    "  .endr\n"
    "  .irp other, rcx, rsi, rdi, rbp, r8, r9, r10, r11\n"
    "  mov %rsp, %\\other\n"
    "  .endr\n"
    "  mov traffic_return_word(%rip), %rax\n"
    "  syscall\n"
    "traffic_call:\n"
    "  .irp kept, rbx, rbp, r12, r13, r14, r15, rsi\n"
    "  push %\\kept\n"
    "  .endr\n"
    "  mov (%rsi), %rdx\n"
    "  mov 8(%rsi), %rbx\n"
    "  mov 16(%rsi), %r12\n"
    "  mov 24(%rsi), %r13\n"
    "  mov 32(%rsi), %r14\n"
    "  mov 40(%rsi), %r15\n"
    "  mov $-1, %rsi\n"
    "  lea 5(%rsp), %rbp\n"
    "  mov traffic_call_word(%rip), %rax\n"
    "  syscall\n"
    "  sub $5, %rbp\n"
    "  cmp %rsp, %rbp\n"
    "  jne 2f\n"
    "1:pop %rsi\n"
    "  mov %rdx, (%rsi)\n"
    "  mov %rbx, 8(%rsi)\n"
    "  mov %r12, 16(%rsi)\n"
    "  mov %r13, 24(%rsi)\n"
    "  mov %r14, 32(%rsi)\n"
    "  mov %r15, 40(%rsi)\n"
    "  .irp kept, r15, r14, r13, r12, rbp, rbx\n"
    "  pop %\\kept\n"
    "  .endr\n"
    "  ret\n"
    "2:mov $100, %eax\n"
    "  jmp 1b\n");
static_assert(AREA_TRAP == 272 && SAVED_RSP == 128 && SAVED_RIP == 136 && AREA_DISABLED == 8 &&
              AREA_FOREIGN_RIP == 32);

namespace {

constexpr std::uint64_t fs_base = 0x1234'5000;
constexpr std::uint64_t gs_base = 0x4321'7000;
constexpr auto vcpu = lamina::make_handle(lamina::slots::vcpu, 0);
constexpr auto account = lamina::make_handle(lamina::slots::account, 0);

/// Another vCPU, without a foreign entry, which tries one and yields all the time.
lamina::Handle other = lamina::Handle::null;

lamina::Handle gate = lamina::Handle::null;

bool make_gate() {
    namespace sys = libos::sys;
    const auto made = sys::gate_create(account, reinterpret_cast<std::uint64_t>(traffic_gate));
    const auto activation = sys::vcpu_create(lamina::Handle::null, account, 0);
    if (!made || !activation) return false;
    gate = *made;
    return sys::gate_attach(gate, *activation, lamina::page_size).has_value();
}

/// A call through the gate; whether the reply is the callee's.
bool gate_call() {
    std::uint64_t words[6] = {10, 20, 30, 40, 50, 60};
    if (traffic_call(std::uint64_t(gate), words) != 0) return false;
    for (std::uint64_t index = 0; index < 6; ++index)
        if (words[index] != (index + 1) * 10 + 1) return false;
    return true;
}

/// Calls that switch to another vCPU, and do not.
bool refused() {
    using lamina::Status;
    using namespace libos::sys;
    std::uint64_t words[6] = {};
    return traffic_call(0, words) == std::uint64_t(Status::bad_handle) &&
           enter(tagged(lamina::Call::gate_return)).status == Status::bad_argument &&
           enter(tagged(lamina::Call::vcpu_yield_to)).status == Status::bad_handle;
}

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
    if (!gate_call()) return "gate";
    if (!refused()) return "a refused switch";
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
    if (!start_other() || !make_gate()) return 2;
    libos::print("traffic runs\n");
    for (;;)
        if (const char* wrong = round(); wrong != nullptr) {
            libos::print("traffic: wrong: ", std::string_view(wrong), "\n");
            return 1;
        }
}
