// exokernel/cpu/cpu_local.hpp - CpuLocal: what each CPU has of its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "arch/machine.hpp"
#include "exokernel/core/offsets.h"
#include "exokernel/cpu/tlb_tags.hpp"
#include "exokernel/cpu/vcpu.hpp"
#include "exokernel/lock/kernel_platform.hpp"
#include "exokernel/lock/own_section.hpp"

namespace exo {

/// Reached through the GS base while in the kernel. entry.S knows the first fields.
struct CpuLocal {
    CpuLocal* self = nullptr;
    std::uint64_t stack_top = 0;
    std::uint64_t user_rsp = 0;       ///< The caller's stack pointer, between two instructions.
    Context* context = nullptr;       ///< Of the running vCPU.
    std::uint64_t must_dispatch = 0;  ///< Not 0: the kernel may not go back to the caller at once.
    std::uint64_t calls = 0;
    std::uint64_t has_smap = 0;
    std::uint64_t faults = 0;

    std::uint32_t index = 0;          ///< 0 is the one that booted.
    std::uint64_t invalidations = 0;  ///< Pages dropped from the TLB one by one.
    std::uint64_t table_loads = 0;    ///< Writes of CR3.
    std::uint64_t bit = 1;            ///< Of `index`, in sets of CPUs.
    /// Inside it, what belongs to this CPU or to the environment it runs is used without the
    /// kernel lock (docs/locks.md).
    arch::SeenLock<OwnSection> own;
    std::uint8_t apic_id = 0;
    /// Shoot-downs asked for and done: another CPU adds one to the first, this one follows.
    std::atomic<std::uint64_t> flushes_wanted{0};
    std::atomic<std::uint64_t> flushes_done{0};

    Vcpu* running = nullptr;         ///< Null while idle.
    Vcpu* loaded = nullptr;          ///< Whose extended state is loaded.
    AddressSpace* space = nullptr;   ///< Whose page tables are; null: the kernel's own.
    Slice* slice = nullptr;          ///< Which one it is; null while idle, and once it is given up
                                     ///< or taken away from its vCPU.
    Vcpu* given_to = nullptr;        ///< The base of the chain that runs in it: its vCPU, or whom
                                     ///< that has yielded to.
    std::uint64_t run_start_ns = 0;  ///< Since when `running` runs.
    std::uint64_t slice_end_ns = 0;
    std::uint64_t stop_ns = 0;   ///< When it is taken away: later, if its vCPU has been told.
    std::uint64_t timer_ns = 0;  ///< When the timer is to fire.
    std::uint64_t idle_ns = 0;
    std::uint64_t busy_ns = 0;
    lamina::EnvCounts counted = {};  ///< What of the counts here vCPUs have been charged with.
    std::uint64_t interrupts = 0;
    std::uint64_t interrupt_depth = 0;  ///< Nested entries from the kernel, NMIs included.
    std::uint64_t interrupt_depth_max = 0;
    std::uint64_t switches = 0;
    std::uint64_t nmis = 0;
    TlbTags tlb_tags;
    SliceVector slices;
    Deadlines deadlines;
    KernelPlatform::Stack held_locks = {};  ///< For the validator of lock order.
};
static_assert(offsetof(CpuLocal, self) == CPU_SELF);
static_assert(offsetof(CpuLocal, stack_top) == CPU_STACK_TOP);
static_assert(offsetof(CpuLocal, user_rsp) == CPU_USER_RSP);
static_assert(offsetof(CpuLocal, context) == CPU_CONTEXT);
static_assert(offsetof(CpuLocal, must_dispatch) == CPU_MUST_DISPATCH);
static_assert(offsetof(CpuLocal, calls) == CPU_CALLS);
static_assert(offsetof(CpuLocal, has_smap) == CPU_HAS_SMAP);
static_assert(offsetof(CpuLocal, faults) == CPU_FAULTS);
static_assert(offsetof(CpuLocal, index) == CPU_INDEX);
static_assert(offsetof(CpuLocal, invalidations) == CPU_INVALIDATIONS);
static_assert(offsetof(CpuLocal, table_loads) == CPU_TABLE_LOADS);
static_assert(offsetof(CpuLocal, bit) == CPU_BIT);
static_assert(CALL_TAG == lamina::call_tag);
static_assert(STATUS_BAD_CALL == int(lamina::Status::bad_call));

/// The CPU that runs this. Needs: boot has set it (arch::set_cpu_local).
inline CpuLocal& this_cpu() { return *static_cast<CpuLocal*>(arch::cpu_local()); }

}  // namespace exo
