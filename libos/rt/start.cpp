// libos/rt/start.cpp - the entry point of every app: checks the ABI, takes the arguments, runs.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/elf.hpp"
#include "lamina/start.hpp"
#include "libos/console/console.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/rt/arguments.hpp"
#include "libos/sys/handles.hpp"

extern "C" {

// What a function with a stack protector puts below its return address (set before the first such
// function runs).
std::uintptr_t __stack_chk_guard;

[[noreturn]] void lamina_start(const lamina::StartBlock* block);

// The kernel enters here with rdi = argument of env_start and rsp = the stack's end.
[[gnu::naked]] void _start() {
    asm("xorl %ebp, %ebp\n\t"
        "andq $-16, %rsp\n\t"
        "call lamina_start");
}

}  // extern "C"

namespace libos {

namespace {

// By this a loader tells an app from a foreign program.
[[gnu::used, gnu::section(".note.lamina")]] constexpr lamina::NativeNote native_note;

constinit std::array<std::string_view, arguments_max> argument_storage;

// Says why the app cannot run and ends it, in calls that any kernel understands whose numbers have
// not changed since version 1: with the kernel's tag, and, should the start block lie, with ours.
// The kernel refuses the other, so that the text comes once.
[[noreturn]] void refuse(std::uint32_t kernel_abi, std::string_view why) {
    TextBuffer<200> text;
    put(text, "libos: ", why, ": this app is built for ABI ", lamina::abi_version,
        ", the kernel has ABI ", kernel_abi, "\n");
    const auto kernel_tag = (lamina::call_tag & 0xffffff00U) | (kernel_abi & 0xffU);
    for (const auto tag : {kernel_tag, lamina::call_tag}) {
        (void)sys::enter(sys::tagged(lamina::Call::console_write, tag),
                         std::uint64_t(fixed::console), std::uint64_t(text.view().data()),
                         text.view().size());
        (void)sys::enter(sys::tagged(lamina::Call::env_end, tag), std::uint64_t(fixed::self),
                         status_start_failed);
    }
    __builtin_trap();
}

std::span<const std::string_view> take_arguments(const lamina::StartBlock* block) {
    if (block == nullptr) {
        argument_storage[0] = "init";
        return {argument_storage.data(), 1};
    }
    if (block->magic != lamina::start_magic) refuse(lamina::abi_version, "damaged start block");
    if (block->abi_version != lamina::abi_version) refuse(block->abi_version, "wrong ABI");
    const auto count = split_arguments(*block, argument_storage);
    if (!count) refuse(lamina::abi_version, "damaged start block");
    return {argument_storage.data(), *count};
}

[[noreturn]] [[gnu::noinline]] void run(const lamina::StartBlock* block) {
    const auto arguments = take_arguments(block);
    if (const auto pages = info_pages(); pages && (*pages)->page.abi_version != lamina::abi_version)
        refuse((*pages)->page.abi_version, "wrong ABI");
    exit(lamina_main(arguments));
}

}  // namespace

void exit(int status) {
    console().flush();
    (void)sys::env_end(fixed::self, std::uint64_t(status) & 0xff);
    // The app gave up the capability for itself: a fault ends it too.
    __builtin_trap();
}

}  // namespace libos

// The canary has a zero byte, so that a string that runs over cannot write it.
[[gnu::no_stack_protector]] void lamina_start(const lamina::StartBlock* block) {
    __stack_chk_guard = (__builtin_ia32_rdtsc() * 0x9e37'79b9'7f4a'7c15ULL) << 8;
    libos::run(block);
}
