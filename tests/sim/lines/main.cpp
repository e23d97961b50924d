// tests/sim/lines/main.cpp - counts the cache lines that calls of two CPUs both use
//
// Two environments, each alone on a CPU, make the same calls. A line that one of them writes and
// the other uses would go to and fro between two real processors. One row for each call: lines
// written, and how many of them the other CPU's calls use; then `apart` or `shared`.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>
#include <vector>

#include "exokernel/cpu/dispatch.hpp"
#include "tests/sim/arguments.hpp"
#include "tests/sim/boot.hpp"
#include "tests/sim/entry.hpp"
#include "tests/sim/lines/recorder.hpp"
#include "tests/sim/threads/thread_cpus.hpp"

namespace {

using lamina::Call;
using lamina::Rights;
using sim::CallArguments;

constexpr unsigned programs = 2;
constexpr std::uint64_t read_write = 3;
constexpr std::uint64_t page_address = sim::home + 16 * exo::page_size;

sim::ThreadCpus cpus;

/// A call of whoever runs on this CPU; its value.
std::uint64_t call(Call number, const CallArguments& arguments) {
    sim::CallResult result = {};
    auto& cpu = exo::this_cpu();
    const bool back = sim::enter_by_call(cpu, std::uint64_t(number), arguments, result);
    if (!back) result.status = sim::go_on().rax;
    if (result.status == 0) return result.value;
    std::printf("call %u failed: %s\n", unsigned(number),
                lamina::status_name(lamina::Status(result.status)));
    std::exit(2);
}

/// Makes an environment that may allocate, and starts it on a CPU.
void start_program(std::uint64_t cpu) {
    const auto account = call(Call::account_create, {lamina::slots::account, 60});
    const auto env = call(Call::env_create, {account, sim::home, 4, 0, 0, cpu});
    (void)call(Call::cap_copy,
               {env, lamina::slots::archive, std::uint64_t(Rights::read | Rights::copy),
                lamina::slots::archive});
    (void)call(Call::frames_map, {env, lamina::slots::archive, 0, 2, sim::home, 1});
    (void)call(Call::env_start, {env, sim::home, sim::home, 0});
    (void)call(Call::cap_drop, {account});
}

struct Row {
    std::string_view name;
    lines::Lines lines;
};

/// The calls that only concern the caller, one after the other, and what each of them used.
std::vector<Row> own_calls() {
    std::vector<Row> rows;
    std::uint64_t value = 0;
    const auto note = [&](std::string_view name, Call number, const CallArguments& arguments) {
        rows.push_back({name, lines::used_by([&] { value = call(number, arguments); })});
        return value;
    };
    note("null", Call::null, {});
    const auto run = note("frames_alloc", Call::frames_alloc, {lamina::slots::account, 1});
    note("frames_map", Call::frames_map, {0, run, 0, 1, page_address, read_write});
    const auto part =
        note("cap_derive", Call::cap_derive, {run, std::uint64_t(Rights::read), 0, 1});
    note("cap_inspect", Call::cap_inspect, {part, page_address});
    note("cap_drop", Call::cap_drop, {part});
    note("table_read", Call::table_read, {0, page_address, 1, page_address});
    note("frames_protect", Call::frames_protect, {0, page_address, 1, 1});
    note("frames_unmap", Call::frames_unmap, {0, page_address, 1});
    note("cap_drop (last)", Call::cap_drop, {run});
    return rows;
}

/// Some of what takes the kernel lock, to see that sharing is seen.
std::vector<Row> other_calls() {
    std::uint64_t made = 0;
    std::vector<Row> rows;
    rows.push_back({"notification_create", lines::used_by([&] {
                        made = call(Call::notification_create, {lamina::slots::account});
                    })});
    rows.push_back({"notification_signal",
                    lines::used_by([&] { (void)call(Call::notification_signal, {made, 1}); })});
    return rows;
}

/// How many of the lines that a call wrote are used by any of another CPU's.
std::size_t shared_lines(const lines::Lines& call, const std::vector<Row>& others) {
    return std::size_t(std::ranges::count_if(call.written, [&](std::uintptr_t line) {
        return std::ranges::any_of(others, [&](const Row& row) {
            return row.lines.read.contains(line) || row.lines.written.contains(line);
        });
    }));
}

void print(std::string_view verdict, const std::array<std::vector<Row>, programs>& rows) {
    for (unsigned cpu = 0; cpu < programs; ++cpu)
        for (const Row& row : rows[cpu])
            std::printf("%-20s cpu %u: %2zu lines written, %zu shared, %s\n", row.name.data(), cpu,
                        row.lines.written.size(), shared_lines(row.lines, rows[1 - cpu]),
                        verdict.data());
}

}  // namespace

int main() {
    cpus.become(0);
    sim::boot_kernel();
    for (unsigned i = 0; i < sim::ThreadCpus::count; ++i)
        cpus.cpu(i).root = exo::kernel_root();
    const exo::Env& first = sim::start_first_env();
    std::memset(first.space.find(sim::home, true), 'a', exo::page_size);
    sim::come_from_boot();
    (void)sim::go_on();
    for (unsigned cpu = 0; cpu < programs; ++cpu)
        start_program(cpu);
    for (unsigned cpu = 0; cpu < programs; ++cpu) {
        cpus.become(cpu);
        if (cpu != 0) sim::come_from_boot();
        if (cpu != 0)
            (void)sim::go_on();
        else
            (void)call(Call::vcpu_yield, {});
        // What the calls need of tables, slots and free frames is there after the first round.
        (void)own_calls();
        (void)other_calls();
    }
    std::array<std::vector<Row>, programs> own;
    std::array<std::vector<Row>, programs> others;
    for (unsigned cpu = 0; cpu < programs; ++cpu) {
        cpus.become(cpu);
        own[cpu] = own_calls();
        others[cpu] = other_calls();
    }
    print("own", own);
    print("kernel's", others);
}
