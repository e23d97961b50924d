// apps/shell/commands_time.cpp - commands about CPU time: who has which turns, and what was done.
#include <optional>

#include "apps/shell/commands.hpp"
#include "apps/shell/shell.hpp"
#include "lamina/slice.hpp"
#include "libos/console/console.hpp"
#include "libos/info/info.hpp"

namespace shell {

namespace {

using libos::Padded;
using libos::print;

constexpr std::uint64_t ns_per_ms = 1'000'000;

std::uint32_t complain(const Command& command, lamina::Status status) {
    print(command.words().front(), ": ", lamina::status_name(status), " (",
          lamina::status_cause(status), ")\n");
    return 1;
}

lamina::Result<std::uint32_t> cpu_count() {
    LAMINA_TRY(const auto* pages, libos::info_pages());
    return pages->page.cpu_count_used;
}

lamina::Result<void> list_slices() {
    LAMINA_TRY(const std::uint32_t cpus, cpu_count());
    print("   CPU  POSITION    ENV   LENGTH\n");
    for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
        LAMINA_TRY(const auto* rows, libos::slice_rows(cpu));
        for (std::uint32_t i = 0; i < lamina::slices_per_cpu_max; ++i) {
            const lamina::SliceRow& row = rows->row[i];
            if (row.length_ns == 0) continue;
            print(Padded{std::uint64_t{cpu}, 6}, Padded{std::uint64_t{i}, 10},
                  Padded{row.env_id, 7}, Padded{row.length_ns / ns_per_ms, 6}, " ms\n");
        }
    }
    return {};
}

void put_counts(std::uint64_t calls, std::uint64_t faults, std::uint64_t upcalls,
                std::uint64_t switches) {
    print(Padded{calls, 12}, Padded{faults, 9}, Padded{upcalls, 9}, Padded{switches, 10});
}

lamina::Result<void> put_cpus() {
    LAMINA_TRY(const std::uint32_t cpus, cpu_count());
    print("   CPU       CALLS   FAULTS  UPCALLS  SWITCHES  INTERRUPTS  SLICES    BUSY    IDLE\n");
    for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
        lamina::CpuInfo info;
        LAMINA_CHECK(libos::read_cpu_info(cpu, info));
        print(Padded{std::uint64_t{cpu}, 6});
        put_counts(info.calls, info.faults, info.upcalls, info.switches);
        print(Padded{info.interrupts, 12}, Padded{info.slices, 8},
              Padded{info.busy_ns / ns_per_ms, 8}, Padded{info.idle_ns / ns_per_ms, 8}, " ms\n");
    }
    return {};
}

lamina::Result<void> put_envs() {
    print("   ENV       CALLS   FAULTS  UPCALLS  SWITCHES        TIME  NAME\n");
    for (std::uint32_t i = 0; i < lamina::env_count_max; ++i) {
        lamina::EnvInfo env;
        lamina::EnvCounts counts;
        LAMINA_CHECK(libos::read_env_info(i, env));
        if (env.id == 0) continue;
        LAMINA_CHECK(libos::read_env_counts(i, counts));
        print(Padded{env.id, 6});
        put_counts(counts.calls, counts.faults, counts.upcalls, counts.switches);
        print(Padded{env.run_ns / ns_per_ms, 9}, " ms  ", libos::text_of(env.name), "\n");
    }
    return {};
}

}  // namespace

std::uint32_t command_slices(Shell& shell, const Command& command) {
    const auto words = command.words();
    if (words.size() == 1) {
        const auto listed = list_slices();
        return listed ? 0 : complain(command, listed.error());
    }
    const auto id = words.size() == 3 ? libos::parse_number(words[1]) : std::nullopt;
    const auto ms = words.size() == 3 ? libos::parse_number(words[2]) : std::nullopt;
    if (!id || !ms || *ms > lamina::slice_ns_max / ns_per_ms) return usage(command);
    const Job* const job = shell.jobs().find(*id);
    if (job == nullptr) {
        print("slices: env ", *id, " is none that this shell has started\n");
        return 1;
    }
    const auto set = libos::sys::slice_set(job->child.env.get(), *ms * ns_per_ms);
    return set ? 0 : complain(command, set.error());
}

std::uint32_t command_stats(Shell&, const Command& command) {
    if (command.words().size() != 1) return usage(command);
    (void)libos::sys::vcpu_yield();  // the kernel writes its figures when a slice ends
    auto told = put_cpus();
    if (told) told = put_envs();
    return told ? 0 : complain(command, told.error());
}

}  // namespace shell
