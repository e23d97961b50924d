// tests/ring0/memory_attacks.cpp - writing, executing and reading what the kernel must not.
#include <cstring>

#include "arch/machine.hpp"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/arch/x86_64/stacks.hpp"
#include "exokernel/env/env.hpp"
#include "exokernel/memory/address_space.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "tests/ring0/attacks.hpp"

extern "C" const std::byte exo_image_start[], exo_text_start[], exo_text_end[], exo_rodata_end[],
    exo_after_init_end[];
extern "C" std::uintptr_t __stack_chk_guard;

namespace ring0 {
namespace {

constexpr std::uint8_t return_opcode = 0xc3;
constexpr std::uint64_t user_page = 0x40'0000;

constinit std::uint8_t code_in_data[16] = {return_opcode};
constexpr std::uint8_t code_in_rodata[16] = {return_opcode};
constinit volatile int zero = 0;  // which the compiler does not know
constinit exo::AddressSpace space;
constinit exo::Account account = {{lamina::ObjectType::account, 0, 1}, nullptr, 100, 0};

std::uint64_t address(const void* object) { return reinterpret_cast<std::uint64_t>(object); }

void write(std::uint64_t target) {
    announce(target);
    *reinterpret_cast<volatile std::uint8_t*>(target) = return_opcode;
}
void read(std::uint64_t target) {
    announce(target);
    (void)*reinterpret_cast<const volatile std::uint8_t*>(target);
}
void call(std::uint64_t target) {
    announce(target);
    reinterpret_cast<void (*)()>(target)();
}

/// Where the direct map shows a byte of the kernel image.
std::uint64_t alias(const void* image) {
    return address(image) - exo::arch::image_base + exo::arch::direct_map_base;
}

/// The base that `sidt` or `sgdt` stores.
struct [[gnu::packed]] TableRegister {
    std::uint16_t limit;
    std::uint64_t base;
};
std::uint64_t idt_base() {
    TableRegister table;
    asm volatile("sidt %0" : "=m"(table));
    return table.base;
}
std::uint64_t gdt_base() {
    TableRegister table;
    asm volatile("sgdt %0" : "=m"(table));
    return table.base;
}

exo::FrameNumber frame_with_code() {
    const exo::FrameNumber frame = *exo::frames.alloc_run(1, account);
    std::memset(exo::FrameTable::contents(frame), return_opcode, exo::page_size);
    return frame;
}

/// Makes a user page that holds code, and loads its space.
void map_user_page(exo::Protection protection) {
    static constinit exo::CapSlot source;
    static_cast<exo::Capability&>(source) =
        exo::frames.capability(frame_with_code(), 1, exo::Rights::all);
    source.children.close();
    if (!space.create(account, exo::kernel_root()) ||
        !space.map(user_page, source, 0, 1, {protection, protection}))
        exo::panic("no user page");
    exo::arch::load_page_table(space.root());
}

[[gnu::noinline]] void smash_stack() {
    char buffer[16];
    volatile char* end = buffer;
    asm volatile("" : "+r"(end));
    for (unsigned i = 0; i < 64; ++i)
        end[i] = 'x';
}

[[gnu::noinline]] std::uint64_t recurse(std::uint64_t depth) {
    volatile std::uint64_t frame[32];
    frame[depth % 32] = depth;
    if (zero == 0) return recurse(depth + 1) + frame[depth % 32];
    return frame[0];
}

constexpr Attack attacks[] = {
    {"write_text", [] { write(address(exo_text_start)); }},
    {"write_rodata", [] { write(address(exo_text_end)); }},
    {"write_sealed", [] { write(address(exo_rodata_end)); }},
    {"write_idt", [] { write(idt_base() + 14 * 16); }},
    {"write_gdt", [] { write(gdt_base() + 8); }},
    {"write_canary", [] { write(address(&__stack_chk_guard)); }},
    {"write_text_alias", [] { write(alias(exo_text_start)); }},
    {"write_rodata_alias", [] { write(alias(exo_text_end)); }},
    {"write_sealed_alias", [] { write(alias(exo_rodata_end)); }},
    {"write_data_alias", [] { write(alias(exo_after_init_end)); }},
    {"call_data", [] { call(address(code_in_data)); }},
    {"call_rodata", [] { call(address(code_in_rodata)); }},
    {"call_sealed", [] { call(address(exo_rodata_end)); }},
    {"call_stack",
     [] {
         volatile std::uint8_t code[16] = {return_opcode};
         call(address(const_cast<const std::uint8_t*>(code)));
     }},
    {"call_text_alias", [] { call(alias(exo_text_start)); }},
    {"call_frame", [] { call(address(exo::FrameTable::contents(frame_with_code()))); }},
    {"user_call",
     [] {
         map_user_page(exo::Protection::read | exo::Protection::execute);
         call(user_page);
     }},
    {"user_read",
     [] {
         map_user_page(exo::Protection::read | exo::Protection::write);
         read(user_page);
     }},
    {"user_write",
     [] {
         map_user_page(exo::Protection::read | exo::Protection::write);
         write(user_page);
     }},
    {"null_read", [] { read(std::uint64_t(zero)); }},
    {"null_call", [] { call(std::uint64_t(zero)); }},
    {"guard_write", [] { write(exo::this_cpu().stack_top - sizeof(exo::arch::GuardedStack)); }},
    {"low_read", [] { read(address(exo_text_start) - exo::arch::image_base); }},
    {"start_code_read", [] { read(address(exo_image_start)); }},
    {"smash_stack", smash_stack},
    {"stack_overflow", [] { (void)recurse(0); }},
};

}  // namespace

std::span<const Attack> memory_attacks() { return attacks; }

}  // namespace ring0
