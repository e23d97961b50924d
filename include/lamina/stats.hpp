// include/lamina/stats.hpp - what the kernel tells of its CPUs and slices, in pages behind the info
// pages.
//
// Counts only grow, from the start of the CPU or environment on. They are written when a CPU goes
// over from one environment to another, or halts, under InfoPage::sequence.
#pragma once

#include <cstdint>

#include "lamina/info.hpp"

namespace lamina {

/// One CPU, by its index.
struct CpuInfo {
    std::uint64_t calls;       ///< System calls, foreign ones and unknown ones too.
    std::uint64_t faults;      ///< Exceptions taken in user mode.
    std::uint64_t upcalls;     ///< Beside those for exceptions and foreign calls.
    std::uint64_t switches;    ///< Times a vCPU was loaded that was not the one before.
    std::uint64_t interrupts;  ///< From devices, timers and other CPUs.
    std::uint64_t idle_ns;     ///< Halted.
    std::uint64_t busy_ns;     ///< Running vCPUs.
    std::uint64_t slices;      ///< Positions taken, now.
};
static_assert(sizeof(CpuInfo) == 64);

/// What of that was the doing of one environment; it has the index of its EnvInfo.
struct EnvCounts {
    std::uint64_t calls;
    std::uint64_t faults;
    std::uint64_t upcalls;
    std::uint64_t switches;
};
static_assert(sizeof(EnvCounts) == 32);

/// A position in the slice vector of a CPU. Each word is written by itself.
struct SliceRow {
    std::uint64_t env_id;     ///< Of the vCPU that runs in it; 0: none does.
    std::uint64_t length_ns;  ///< 0: the position is free.
};
static_assert(sizeof(SliceRow) == 16);

inline constexpr std::uint32_t cpu_count_max = 64;
inline constexpr std::uint32_t slices_per_cpu_max = env_count_max;

/// The slice vector of one CPU, in the order in which the CPU goes round.
struct SliceRows {
    SliceRow row[slices_per_cpu_max];
};

/// They follow the InfoPages, and the SliceRows of InfoPage::cpu_count_used CPUs follow them.
struct StatPages {
    CpuInfo cpus[cpu_count_max];
    EnvCounts envs[env_count_max];
};
static_assert(sizeof(StatPages) % 4096 == 0 && sizeof(SliceRows) % 4096 == 0);

}  // namespace lamina
