// include/lamina/info.hpp - the info pages: what the kernel exposes read-only to whoever may map
// them.
#pragma once

#include <cstdint>

#include "lamina/syscalls.hpp"

namespace lamina {

enum class EnvState : std::uint16_t { none = 0, created = 1, ready = 2, waiting = 3, ending = 4 };

/// One environment as `ps` shows it. `id` 0: the entry is free. Ids never repeat.
struct EnvInfo {
    std::uint64_t id;
    std::uint64_t parent_id;
    EnvState state;
    std::uint16_t cpu;          ///< Where its vCPU runs.
    std::uint32_t frames_used;  ///< Page frames its mappings and kernel objects hold.
    std::uint64_t run_ns;       ///< Time its vCPU ran.
    char name[env_name_bytes_max + 8];
};
static_assert(sizeof(EnvInfo) == 64);

inline constexpr std::uint32_t env_count_max = 1024;

/// How the CPUs lie to each other: those whose APIC ids are the same but for the low `core_shift`
/// bits are threads of one core, and but for the low `package_shift` bits in one package. Never
/// changes.
struct CpuTopology {
    std::uint8_t apic_id[64];  ///< By the CPU's index.
    std::uint8_t core_shift;
    std::uint8_t package_shift;
    std::uint8_t reserved[6];

    constexpr std::uint32_t core(std::uint32_t cpu) const { return apic_id[cpu] >> core_shift; }
    constexpr std::uint32_t package(std::uint32_t cpu) const {
        return apic_id[cpu] >> package_shift;
    }
};

/// The first info page. Fields that change are written under `sequence`: odd while being
/// written; a reader copies, and starts again if it was odd or has changed.
struct InfoPage {
    std::uint32_t abi_version;
    std::uint32_t info_pages;  ///< How many pages follow each other, this one included.
    // The clock: ns since boot = (rdtsc - tsc_base) * tsc_multiplier >> tsc_shift (128-bit
    // product).
    std::uint64_t tsc_base;
    std::uint64_t tsc_multiplier;
    std::uint32_t tsc_shift;
    std::uint32_t cpu_count;       ///< Processors the firmware tables name.
    std::uint32_t cpu_count_used;  ///< Processors the kernel runs on.
    std::uint32_t xsave_bytes;     ///< Size of the extended state area (CPUID leaf 0xd).
    char command_line[512];        ///< NUL-terminated words the machine was booted with.
    char build_version[32];
    char build_commit[48];
    char build_branch[48];
    char build_dirty[8];  ///< "yes", "no" or "unknown".
    char build_compiler[64];
    char build_flags[1024];
    char build_features[128];
    std::uint32_t sequence;
    std::uint32_t env_count;     ///< Environments alive.
    std::uint64_t frames_total;  ///< Page frames the kernel manages.
    std::uint64_t frames_free;
    std::uint64_t frames_kernel;  ///< Kernel objects: environments, vCPUs, accounts, notifications.
    std::uint64_t frames_tables;  ///< Page tables.
    std::uint64_t frames_user;    ///< Runs held by Frames capabilities and mappings.
    std::uint64_t interrupts;
    std::uint64_t system_calls;        ///< Foreign and unknown ones too.
    std::uint64_t switches;            ///< Times a vCPU was loaded that was not the one before.
    std::uint64_t faults;              ///< Exceptions taken in user mode.
    std::uint64_t wall_offset_ns;      ///< From 1970 (UTC) to boot; 0: nobody knows. Never changes.
    std::uint64_t page_invalidations;  ///< Pages dropped from TLBs one by one (INVLPG).
    /// Free blocks of 2^order page frames by order, up to 1 GiB; free frames that a CPU keeps for
    /// its next allocations are in none.
    std::uint32_t free_blocks[20];
    std::uint64_t table_loads;  ///< Changes of the page tables in use (writes of CR3).
    CpuTopology topology;
};
static_assert(sizeof(InfoPage) <= 4096);

/// The info pages as a whole: the page above, then the table of environments.
struct InfoPages {
    union {
        InfoPage page;
        char bytes[4096];
    };
    EnvInfo envs[env_count_max];
};
static_assert(sizeof(InfoPages) == 4096 + env_count_max * 64);

}  // namespace lamina
