// apps/bench/bench.cpp - what crossings between user mode and kernel cost, in time stamp counter
// ticks. Under `./lamina bench` a tick is one guest instruction. Each row is the smallest of
// several rounds: what the work itself takes, without a timer interrupt in between.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/layout.hpp"
#include "lamina/rights.hpp"
#include "lamina/syscalls.hpp"
#include "libos/console/console.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/calls.hpp"
#include "libos/sys/handles.hpp"
#include "libos/upcall/upcall.hpp"

// In foreign.S.
extern "C" const std::byte bench_foreign_entry[];
extern "C" std::uint64_t bench_getppid();

namespace {

using lamina::Handle;
namespace sys = libos::sys;
namespace fixed = libos::fixed;

constexpr int rounds = 50;
constexpr std::uint64_t page = 0x2000'0000;

std::uint64_t ticks() {
    std::uint32_t low;
    std::uint32_t high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return std::uint64_t{high} << 32 | low;
}

/// The fewest ticks that `work` took, without those of reading the counter; `undo` is not counted.
template <typename Work, typename Undo>
std::uint64_t measure(Work work, Undo undo) {
    std::uint64_t least = ~std::uint64_t{0};
    for (int i = 0; i < rounds; ++i) {
        const std::uint64_t start = ticks();
        const std::uint64_t empty = ticks() - start;
        const std::uint64_t before = ticks();
        work();
        least = std::min(least, ticks() - before - empty);
        undo();
    }
    return least;
}

template <typename Work>
std::uint64_t measure(Work work) {
    return measure(work, [] {});
}

void row(std::string_view name, std::uint64_t value) { libos::print(name, " ", value, "\n"); }

bool skip_invalid_opcode(lamina::VcpuArea& area) {
    constexpr std::uint64_t ud2_bytes = 2;
    area.trap.rip += ud2_bytes;
    return true;
}

Handle fresh;

bool map_fresh_frame(lamina::VcpuArea& area) {
    const auto frame = sys::frames_alloc(fixed::account, 1);
    if (!frame) return false;
    fresh = *frame;
    return sys::frames_map(fixed::self, fresh, 0, 1, area.trap_address & ~std::uint64_t{4095},
                           lamina::Protection::read | lamina::Protection::write)
        .has_value();
}

std::uint64_t page_fault() {
    // The page tables stay from here on: the row is about the fault.
    const auto kept = sys::frames_alloc(fixed::account, 1);
    if (!kept) return 0;
    (void)sys::frames_map(fixed::self, *kept, 0, 1, page + lamina::page_size,
                          lamina::Protection::read);
    return measure([] { *reinterpret_cast<volatile char*>(page) = 1; },
                   [] {
                       (void)sys::frames_unmap(fixed::self, page, 1);
                       (void)sys::cap_drop(fresh);
                   });
}

int measure_kernel() {
    row("null_call", measure([] { (void)sys::null(); }));
    if (!libos::start_upcalls(reinterpret_cast<std::uint64_t>(bench_foreign_entry))) return 1;
    row("foreign_call", measure([] { (void)bench_getppid(); }));
    libos::set_trap_handler(6, skip_invalid_opcode);
    row("exception", measure([] { asm volatile("ud2"); }));
    libos::set_trap_handler(14, map_fresh_frame);
    row("page_fault", page_fault());
    return 0;
}

}  // namespace

int lamina_main(std::span<const std::string_view> arguments) {
    if (arguments.size() == 2 && arguments[1] == "kernel") return measure_kernel();
    libos::print("usage: bench kernel\n");
    return 2;
}
