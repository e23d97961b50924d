// apps/bench/bench.cpp - what crossings between user mode and kernel cost, and locks, in time stamp
// counter ticks. Under `./lamina bench` a tick is one guest instruction.
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "apps/bench/contend.hpp"
#include "apps/bench/contend_stage.hpp"
#include "apps/bench/counted.hpp"
#include "apps/bench/locks.hpp"
#include "apps/bench/measure.hpp"
#include "apps/bench/memory.hpp"
#include "apps/bench/transfer.hpp"
#include "lamina/layout.hpp"
#include "lamina/rights.hpp"
#include "lamina/syscalls.hpp"
#include "libos/console/console.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/calls.hpp"
#include "libos/sys/handles.hpp"
#include "libos/text/text.hpp"
#include "libos/upcall/upcall.hpp"

// In foreign.S.
extern "C" const std::byte bench_foreign_entry[];
extern "C" std::uint64_t bench_getppid();

namespace {

using bench::measure;
using bench::measure_row;
using bench::row;
using lamina::Handle;
namespace sys = libos::sys;
namespace fixed = libos::fixed;

constexpr std::uint64_t page = 0x2000'0000;

bool skip_invalid_opcode(lamina::VcpuArea& area) {
    constexpr std::uint64_t ud2_bytes = 2;
    area.trap.rip += ud2_bytes;
    return true;
}

Handle fresh;

constexpr std::uint64_t batch = 64;
std::uint64_t used_of_batch = 0;

/// Frames are allocated many at a time, as a pager that expects more faults does.
bool map_fresh_frame(lamina::VcpuArea& area) {
    return sys::frames_map(Handle::null, fresh, used_of_batch++, 1,
                           lamina::page_floor(area.trap_address),
                           lamina::Protection::read | lamina::Protection::write)
        .has_value();
}

/// The fault with the handler's work, and a 64th of allocating its batch, zeroing left out.
bool measure_page_fault() {
    // The page tables stay from here on: the row is about the fault.
    const auto kept = sys::frames_alloc(fixed::account, 1);
    if (!kept) return false;
    (void)sys::frames_map(Handle::null, *kept, 0, 1, page + lamina::page_size,
                          lamina::Protection::read);
    constexpr std::uint64_t zeroing = 512;
    const std::uint64_t alloc =
        measure([] { fresh = sys::frames_alloc(fixed::account, batch).value_or(Handle::null); },
                [] { (void)sys::cap_drop(fresh); });
    fresh = sys::frames_alloc(fixed::account, batch).value_or(Handle::null);
    const auto touch = [] { *reinterpret_cast<volatile char*>(page) = 1; };
    const std::uint64_t fault =
        measure(touch, [] { (void)sys::frames_unmap(Handle::null, page, 1); });
    const auto before = bench::counted_alone();
    touch();
    row("page_fault", fault + (alloc - batch * zeroing + batch - 1) / batch, before,
        bench::counted());
    (void)sys::cap_drop(fresh);
    return true;
}

int measure_kernel() {
    measure_row("null_call", [] { (void)sys::null(); });
    if (!libos::start_upcalls(reinterpret_cast<std::uint64_t>(bench_foreign_entry))) return 1;
    measure_row("foreign_call", [] { (void)bench_getppid(); });
    libos::set_trap_handler(6, skip_invalid_opcode);
    measure_row("exception", [] { asm volatile("ud2"); });
    libos::set_trap_handler(14, map_fresh_frame);
    if (!measure_page_fault()) return 1;
    return bench::measure_memory();
}

}  // namespace

int lamina_main(std::span<const std::string_view> arguments) {
    if (arguments.size() == 2 && arguments[1] == "kernel") return measure_kernel();
    if (arguments.size() == 2 && arguments[1] == "cpu")
        return bench::measure_transfer(arguments[0]);
    if (arguments.size() == 2 && arguments[1] == "server") return bench::serve_transfer();
    if (arguments.size() == 2 && arguments[1] == "locks") return bench::measure_locks();
    const auto number = [&](std::size_t at) {
        return at < arguments.size() ? libos::parse_number(arguments[at]) : std::nullopt;
    };
    if (arguments.size() == 4 && arguments[1] == "contend" && number(2) && number(3))
        return bench::contend(arguments[0], *number(2), *number(3));
    if (arguments.size() == 3 && arguments[1] == "worker" && number(2) &&
        *number(2) < bench::workers_max)
        return bench::contend_as_worker(*number(2));
    libos::print("usage: bench kernel|cpu|locks|contend CHANGES MEETINGS\n");
    return 2;
}
