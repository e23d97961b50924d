// tests/guest/hostile_memory.cpp - frames and memory of others.
#include <cstdint>

#include "libos/vm/layout.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/hostile.hpp"

extern "C" const std::byte libos_resume[];

namespace hostile {
namespace {

using lamina::Protection;
using lamina::Status;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

// --- frames of others

// No handle that was not given names anything.
int guess_handles() {
    lamina::CapInfo info = {};
    for (std::uint32_t slot = 9; slot < 512; ++slot)
        for (std::uint32_t generation = 0; generation < 16; ++generation)
            if (sys::cap_inspect(lamina::make_handle(slot, generation), &info)) return accepted;
    return refused;
}

// Whatever was in a frame before is gone.
int look_for_secrets() {
    constexpr std::uint64_t pages = 256;
    const auto found = libos::Mapping::create_new(fixed::account, pages);
    if (!found) return 2;
    for (const auto byte : found->bytes())
        if (byte != std::byte{0}) return accepted;
    return refused;
}

constexpr auto read_write = Protection::read | Protection::write;

int write_start_block() {
    const auto start_frames = lamina::make_handle(lamina::slots::start, 0);
    const auto result = sys::frames_map(fixed::self, start_frames, 0, 1, page_of_mine, read_write);
    return is(result, Status::missing_right) ? refused : accepted;
}

int write_info_pages() {
    if (!is(sys::frames_map(fixed::self, fixed::info, 0, 1, page_of_mine, read_write),
            Status::missing_right))
        return accepted;
    if (!sys::frames_map(fixed::self, fixed::info, 0, 1, page_of_mine, Protection::read)) return 2;
    const auto result = sys::frames_protect(fixed::self, page_of_mine, 1, read_write);
    return is(result, Status::missing_right) ? refused : accepted;
}

// Pages past a run are somebody else's.
int map_past_the_run() {
    const auto run = sys::frames_alloc(fixed::account, 2);
    if (!run) return 2;
    const std::uint64_t bad[][2] = {{2, 1}, {1, 2}, {0, 3}, {~0ULL, 1}, {1ULL << 32, 1}};
    for (const auto& [first, count] : bad) {
        if (!is(sys::frames_map(fixed::self, *run, first, count, page_of_mine, Protection::read),
                Status::bad_argument))
            return accepted;
        if (sys::cap_derive(*run, lamina::Rights::read, first, count)) return 3;
    }
    return refused;
}

int map_at_hostile_addresses() {
    const auto run = sys::frames_alloc(fixed::account, 1);
    if (!run) return 2;
    for (const auto target : hostile_addresses)
        if (!is(sys::frames_map(fixed::self, *run, 0, 1, target & ~std::uint64_t{4095},
                                Protection::read),
                Status::bad_address))
            return accepted;
    const auto last = lamina::user_end;
    return is(sys::frames_map(fixed::self, *run, 0, 1, last, Protection::read), Status::bad_address)
               ? refused
               : accepted;
}

// Every call with nothing but kernel pointers, in every argument at once.
int kernel_pointers_everywhere() {
    for (std::uint32_t number = 0; number < lamina::call_count; ++number) {
        const auto call = lamina::Call(number);
        // Those without an argument, and the one whose argument is a time.
        if (call == lamina::Call::null || call == lamina::Call::vcpu_yield ||
            call == lamina::Call::vcpu_timer)
            continue;
        for (const auto word : hostile_addresses)
            if (sys::enter(sys::tagged(call), word, word, word, word, word, word).status ==
                Status::ok)
                return accepted;
    }
    return refused;
}

int unmap_own_code() {
    (void)sys::frames_unmap(fixed::self, address(libos_resume) & ~std::uint64_t{4095}, 1);
    (void)sys::frames_unmap(
        fixed::self, address(reinterpret_cast<const void*>(&unmap_own_code)) & ~std::uint64_t{4095},
        1);
    return accepted;
}

int unmap_own_stack() {
    (void)sys::frames_unmap(fixed::self, libos::layout::stack_end - 4 * lamina::page_size, 4);
    return accepted;
}

int drop_everything() {
    for (std::uint32_t slot = 1; slot < 16; ++slot)
        (void)sys::cap_drop(lamina::make_handle(slot, 0));
    (void)sys::env_end(fixed::self, 0);
    asm volatile("ud2");
    return accepted;
}

constexpr Deed deeds[] = {
    {"guess_handles", guess_handles},
    {"look_for_secrets", look_for_secrets},
    {"write_start_block", write_start_block},
    {"write_info_pages", write_info_pages},
    {"map_past_the_run", map_past_the_run},
    {"map_at_hostile_addresses", map_at_hostile_addresses},
    {"kernel_pointers_everywhere", kernel_pointers_everywhere},
    {"unmap_own_code", unmap_own_code},
    {"unmap_own_stack", unmap_own_stack},
    {"drop_everything", drop_everything},
};

}  // namespace

std::span<const Deed> memory_deeds() { return deeds; }

}  // namespace hostile
