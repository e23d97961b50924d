// apps/bench/memory.cpp - what system calls on memory and capabilities cost. Each round takes
// another page and another frame; the page tables are there, as they are for most calls of a
// program.
#include "apps/bench/memory.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "apps/bench/counted.hpp"
#include "lamina/layout.hpp"
#include "lamina/rights.hpp"
#include "lamina/syscalls.hpp"
#include "libos/console/console.hpp"
#include "libos/sys/calls.hpp"
#include "libos/sys/handles.hpp"

namespace bench {
namespace {

using lamina::Handle;
using lamina::Protection;
namespace sys = libos::sys;
namespace fixed = libos::fixed;

constexpr auto read_write = Protection::read | Protection::write;
constexpr Handle own = Handle::null;  ///< The caller's own address space.

constexpr std::uint64_t base = 0x3000'0000;
constexpr std::uint64_t pages = 2048;  ///< 8 MiB, four tables.
constexpr std::uint64_t many = 100;

/// Goes through all pages, far apart from one to the next.
constexpr std::uint64_t page_of(std::uint64_t round) {
    return base + round * 389 % pages * lamina::page_size;
}

std::uint64_t problems = 0;  ///< Of all calls: 0 if each gave ok.

/// Makes a call and gives its value. That it worked is looked at in the end: what is measured is
/// the call.
template <typename... Arguments>
[[gnu::always_inline]] std::uint64_t call(lamina::Call number, Arguments... arguments) {
    const sys::Reply reply = sys::enter(sys::tagged(number), std::uint64_t(arguments)...);
    problems |= std::uint64_t(reply.status);
    return reply.value;
}
using lamina::Call;

/// The median of what `work(round)` takes.
template <typename Work>
std::uint64_t median(Work work) {
    static std::array<std::uint64_t, rounds> took;
    std::uint64_t round = 0;
    for (std::uint64_t& each : took) {
        // Now and then a timer interrupt lies in it: the median does not see it.
        const std::uint64_t start = ticks();
        std::uint64_t empty = ticks() - start;
        settle(empty);
        std::uint64_t before = ticks();
        work(round);
        const std::uint64_t after = ticks();
        settle(before);
        each = after - before - empty;
        ++round;
    }
    std::ranges::sort(took);
    return took[rounds / 2];
}

/// A row with the median of what `work(round)` takes, `times` of it at once, and beside it what the
/// processor did meanwhile.
template <typename Work>
void measure_rounds(std::string_view name, Work work, std::uint64_t times = 1,
                    std::uint64_t less = 0) {
    const std::uint64_t took = median(work);
    const Counted before = counted_alone();
    work(rounds);
    row(name, (took - less) / times, before, counted());
}

/// Makes all tables, and leaves nothing mapped.
void make_tables(Handle run) {
    for (std::uint64_t i = 0; i < pages; i += 256) {
        call(Call::frames_map, own, run, 0, 1, base + i * lamina::page_size, read_write);
        call(Call::frames_unmap, own, base + i * lamina::page_size, 1);
    }
}

constexpr auto read_or_write(std::uint64_t round) {
    return round % 2 == 0 ? Protection::read : read_write;
}

void measure_single(Handle run) {
    const auto map = [run](std::uint64_t round) {
        call(Call::frames_map, own, run, round % many, 1, page_of(round), read_write);
    };
    const auto unmap = [](std::uint64_t round) {
        call(Call::frames_unmap, own, page_of(round), 1);
    };
    const auto both = [&](std::uint64_t round) {
        map(round);
        unmap(round);
    };
    measure_rounds("map_unmap", both);
    for (std::uint64_t i = 0; i <= rounds; ++i)
        map(i);
    const auto protect = [](std::uint64_t round) {
        call(Call::frames_protect, own, page_of(round), 1, read_or_write(round));
    };
    measure_rounds("protect", protect);
    for (std::uint64_t i = 0; i <= rounds; ++i)
        unmap(i);
}

void measure_many(Handle run) {
    call(Call::frames_map, own, run, 0, many, base, read_write);
    const auto protect = [](std::uint64_t round) {
        call(Call::frames_protect, own, base, many, read_or_write(round));
    };
    measure_rounds("protect_100", protect, many);
    call(Call::frames_unmap, own, base, many);
}

void measure_scattered(Handle run) {
    static std::array<std::uint64_t, many> list;
    for (std::uint64_t i = 0; i < many; ++i)
        list[i] = page_of(i);
    const auto at = std::uintptr_t(list.data());
    problems |= call(Call::frames_map_list, own, run, 0, at, many, read_write) ^ many;
    const auto protect = [at](std::uint64_t round) {
        problems |= call(Call::frames_protect_list, own, at, many, read_or_write(round)) ^ many;
    };
    measure_rounds("protect_100_scattered", protect, many);
    problems |= call(Call::frames_unmap_list, own, at, many) ^ many;
}

void measure_capabilities(Handle run) {
    const auto derive_drop = [run](std::uint64_t round) {
        call(Call::cap_drop, call(Call::cap_derive, run, lamina::Rights::read, round % many, 1));
    };
    measure_rounds("derive_drop", derive_drop);
    constexpr std::uint64_t zeroing = 512;
    const auto alloc_drop = [](std::uint64_t) {
        call(Call::cap_drop, call(Call::frames_alloc, fixed::account, 1));
    };
    measure_rounds("alloc_drop", alloc_drop, 1, zeroing);
}

}  // namespace

int measure_memory() {
    const auto run = Handle(call(Call::frames_alloc, fixed::account, many));
    make_tables(run);
    measure_single(run);
    measure_many(run);
    measure_scattered(run);
    measure_capabilities(run);
    if (problems != 0) libos::print("a call that is measured has failed\n");
    return problems != 0 ? 1 : 0;
}

}  // namespace bench
