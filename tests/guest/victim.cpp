// tests/guest/victim.cpp - an app that does what its first argument says, mostly wrong things.
#include <array>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>

#include "lamina/layout.hpp"
#include "lamina/predicate.hpp"
#include "lamina/vcpu.hpp"
#include "libos/console/console.hpp"
#include "libos/debug/assert.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "tests/mutation/mutation.hpp"

namespace {

using lamina::Status;

// What a test puts into a slot with no fixed meaning.
constexpr auto given = lamina::make_handle(9, 0);

constexpr unsigned char return_instruction = 0xc3;
constinit volatile unsigned char data[16] = {return_instruction};
constinit const volatile unsigned char constant[16] = {return_instruction};

using Function = void();

void execute(const volatile void* where) {
    auto* function = reinterpret_cast<Function*>(reinterpret_cast<std::uintptr_t>(where));
    asm volatile("" : "+r"(function));
    function();
}

void write(std::uintptr_t address) { asm volatile("movb $1, (%0)" : : "r"(address) : "memory"); }

void read(std::uintptr_t address) {
    asm volatile("movb (%0), %%al" : : "r"(address) : "rax", "memory");
}

int execute_data() {
    execute(data);
    return 1;
}

int execute_stack() {
    volatile unsigned char code[16] = {return_instruction};
    execute(code);
    return 1;
}

int execute_constant() {
    execute(constant);
    return 1;
}

int write_code() {
    write(reinterpret_cast<std::uintptr_t>(&execute_data));
    return 1;
}

int write_constant() {
    write(reinterpret_cast<std::uintptr_t>(&constant));
    return 1;
}

int read_kernel() {
    read(0xffff'ffff'8010'0000);
    return 1;
}

int write_direct_map() {
    write(0xffff'8000'0000'1000);
    return 1;
}

int read_non_canonical() {
    read(0x8000'0000'0000'0000);
    return 1;
}

int disable_interrupts() {
    asm volatile("cli");
    return 1;
}

int halt() {
    asm volatile("hlt");
    return 1;
}

int port_output() {
    asm volatile("outb %%al, $0xf4" : : "a"(0));
    return 1;
}

int read_control_register() {
    asm volatile("mov %%cr3, %%rax" : : : "rax");
    return 1;
}

int store_descriptor_table() {
    unsigned char table[10];
    asm volatile("sgdt %0" : "=m"(table));
    return 1;
}

int breakpoint() {
    asm volatile("int3");
    return 1;
}

int kernel_interrupt() {
    asm volatile("int $0x20");
    return 1;
}

int single_step() {
    asm volatile("pushfq; orq $0x100, (%rsp); popfq; nop");
    return 1;
}

int loop() {
    for (;;)
        asm volatile("");
}

// Waits for the notification it was given, or one of its own, for ever.
int wait() {
    const auto result = libos::sys::notification_wait(given, 1, lamina::wait_forever);
    if (result || result.error() != Status::bad_handle) return 1;
    const auto own = libos::sys::notification_create(libos::fixed::account);
    if (!own) return 2;
    (void)libos::sys::notification_wait(*own, 1, lamina::wait_forever);
    return 3;
}

// 0 if the wait by the capability it was given ends because that was revoked.
int wait_until_revoked() {
    const auto result = libos::sys::notification_wait(given, 1, lamina::wait_forever);
    return !result && result.error() == Status::revoked ? 0 : 1;
}

// Waits until a word of the frames it was given is not 0.
int watch() {
    lamina::Predicate word = {1, 1, {{lamina::PredicateOp::load, 0}}, {}, {{given, 0}}};
    return libos::sys::predicate_wait(&word, lamina::wait_forever) ? 0 : 1;
}

// Has its vCPU area in the frame it was given, mapped still or not, and waits for ever.
int bind(bool unmap) {
    constexpr std::uint64_t address = 0x5000'0000'0000;
    constexpr auto writable = lamina::Protection::read | lamina::Protection::write;
    if (!libos::sys::frames_map(libos::fixed::self, given, 0, 1, address, writable)) return 1;
    const lamina::VcpuEntries entries = {};
    if (!libos::sys::vcpu_bind(lamina::Handle{lamina::slots::vcpu}, address, &entries)) return 2;
    if (unmap && !libos::sys::frames_unmap(libos::fixed::self, address, 1)) return 3;
    const auto own = libos::sys::notification_create(libos::fixed::account);
    if (!own) return 4;
    (void)libos::sys::notification_wait(*own, 1, lamina::wait_forever);
    return 5;
}
int bind_given() { return bind(false); }
int bind_given_and_unmap() { return bind(true); }

int signal() { return libos::sys::notification_signal(given, 0x10) ? 0 : 1; }

// Takes frames until there are no more: 0 if the quota was what stopped it.
int hog() {
    for (;;) {
        const auto frames = libos::sys::frames_alloc(libos::fixed::account, 4);
        if (frames) continue;
        const bool stopped =
            frames.error() == Status::quota_exceeded || frames.error() == Status::table_full;
        return stopped ? 0 : 1;
    }
}

// 0 if the console refuses to be read by one who may only write.
int read_console() {
    char byte = 0;
    const auto result = libos::sys::console_read(libos::fixed::console, &byte, 1);
    return !result && result.error() == Status::missing_right ? 0 : 1;
}

// 0 if nothing is in the slots of the archive and the machine.
int look_around() {
    lamina::CapInfo info = {};
    for (const auto handle : {libos::fixed::archive, libos::fixed::machine}) {
        const auto result = libos::sys::cap_inspect(handle, &info);
        if (result || result.error() != Status::bad_handle) return 1;
    }
    return 0;
}

int fail_assertion() {
    LAMINA_ASSERT(data[0] == 0);
    return 1;
}

// Writes over its canary.
[[gnu::noinline]] int smash_stack() {
    volatile char buffer[16] = {};
    volatile std::size_t bytes = sizeof buffer + 16;
    for (std::size_t i = 0; i < bytes; ++i)
        *(const_cast<volatile char*>(buffer) + i) = 'x';
    return buffer[0];
}

// Statuses of calls the kernel does not know: another ABI, and none of ours at all.
int foreign() {
    constexpr std::uint32_t other_abi = 0x4C414D00 | (lamina::abi_version + 1);
    const auto other = libos::sys::enter(libos::sys::tagged(lamina::Call::null, other_abi));
    if (other.status != Status::bad_call) return 1;
    constexpr std::uint64_t linux_getpid = 39;
    constexpr auto no_such_call = std::uint64_t(-38);  // ENOSYS
    const auto reply = libos::sys::enter(linux_getpid);
    return std::uint64_t(reply.status) == std::uint32_t(no_such_call) ? 0 : 2;
}

// Makes thousands of calls with words picked from bad and good values: the kernel must stand it,
// whatever becomes of this environment.
int make_random_calls(std::uint64_t seed) {
    mutation::Random random(seed);
    const auto own = libos::sys::notification_create(libos::fixed::account);
    const auto run = libos::sys::frames_alloc(libos::fixed::account, 4);
    const std::uint64_t values[] = {
        0,
        1,
        2,
        7,
        std::uint64_t(own.value_or(given)),
        std::uint64_t(run.value_or(given)),
        reinterpret_cast<std::uint64_t>(&data),
        0x40'0000,
        0x5100'0000'0000,
        lamina::page_size - 1,
        lamina::user_end - lamina::page_size,
    };
    for (int i = 0; i < 3000; ++i) {
        std::uint64_t words[6];
        for (auto& word : words) {
            const auto kind = random.below(8);
            if (kind == 0)
                word = random.next();
            else if (kind == 1)
                word = mutation::extremes[random.below(std::size(mutation::extremes))];
            else if (kind == 2)
                word = random.below(20);
            else
                word = values[random.below(std::size(values))];
        }
        const auto number = random.below(lamina::call_count);
        // Waiting for ever and ending itself would end the run early.
        if (number == std::uint64_t(lamina::Call::notification_wait)) words[2] = lamina::no_wait;
        if (number == std::uint64_t(lamina::Call::predicate_wait)) words[1] = lamina::no_wait;
        // Nor would much be left to call with after its own capabilities are gone.
        const bool ends =
            number == std::uint64_t(lamina::Call::env_end) ||
            number == std::uint64_t(lamina::Call::vcpu_resume) ||
            (number == std::uint64_t(lamina::Call::cap_drop) &&
             lamina::handle_slot(lamina::Handle(words[0])) < lamina::slots::first_free);
        if (ends && random.below(200) != 0) continue;
        (void)libos::sys::enter(libos::sys::tagged(lamina::Call(number)), words[0], words[1],
                                words[2], words[3], words[4], words[5]);
    }
    return 0;
}

struct Deed {
    std::string_view name;
    int (*function)();
};

constexpr Deed deeds[] = {
    {"bind-given", bind_given},
    {"bind-given-and-unmap", bind_given_and_unmap},
    {"breakpoint", breakpoint},
    {"disable-interrupts", disable_interrupts},
    {"execute-constant", execute_constant},
    {"execute-data", execute_data},
    {"execute-stack", execute_stack},
    {"fail-assertion", fail_assertion},
    {"foreign", foreign},
    {"halt", halt},
    {"hog", hog},
    {"kernel-interrupt", kernel_interrupt},
    {"look-around", look_around},
    {"loop", loop},
    {"port-output", port_output},
    {"read-console", read_console},
    {"read-control-register", read_control_register},
    {"read-kernel", read_kernel},
    {"read-non-canonical", read_non_canonical},
    {"signal", signal},
    {"single-step", single_step},
    {"smash-stack", smash_stack},
    {"store-descriptor-table", store_descriptor_table},
    {"wait", wait},
    {"wait-until-revoked", wait_until_revoked},
    {"watch", watch},
    {"write-code", write_code},
    {"write-constant", write_constant},
    {"write-direct-map", write_direct_map},
};

}  // namespace

int lamina_main(std::span<const std::string_view> arguments) {
    if (arguments.size() == 3 && arguments[1] == "exit")
        return int(libos::parse_number(arguments[2]).value_or(0));
    if (arguments.size() == 3 && arguments[1] == "random-calls")
        return make_random_calls(libos::parse_number(arguments[2]).value_or(0));
    for (const auto& deed : deeds) {
        if (arguments.size() == 2 && arguments[1] == deed.name) return deed.function();
    }
    libos::print("victim: do what?\n");
    return 99;
}
