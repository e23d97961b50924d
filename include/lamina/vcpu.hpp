// include/lamina/vcpu.hpp - the vCPU area: what kernel and libOS tell each other about a context.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lamina/vcpu_offsets.h"

namespace lamina {

/// A user context in memory, laid out so that popping it is loading it (docs/upcalls.md): the
/// registers, then rflags by POPF, then rsp; rip comes first of all, through a word of the area.
struct SavedContext {
    std::uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rflags, rsp, rip;
};
static_assert(sizeof(SavedContext) == SAVED_BYTES && offsetof(SavedContext, rip) == SAVED_RIP);
static_assert(offsetof(SavedContext, rflags) == SAVED_RFLAGS);

/// Page frames that were taken by force.
struct TakenFrames {
    std::uint64_t first;
    std::uint64_t count;
};
inline constexpr std::uint64_t taken_kept = 8;

/// Lies in user memory, in one page, aligned to 64 bytes; bound by vcpu_bind. The kernel writes it
/// through an alias of its own and believes nothing in it but `disabled`.
struct VcpuArea {
    std::uint64_t self;         ///< Its own address, for the libOS: GS base points here.
    std::uint64_t disabled;     ///< Not 0: no upcall may come. Upcalls arrive with it set.
    std::uint64_t pending;      ///< PendingBits: upcalls that could not come.
    std::uint64_t thread;       ///< Address of the SavedContext that the resume range loads.
    std::uint64_t foreign_rip;  ///< Where a foreign call returns to, and its flags.
    std::uint64_t foreign_rflags;
    std::uint64_t trap_vector;          ///< Exception vector of `trap`.
    std::uint64_t trap_error;           ///< Its error code; 0 for vectors without.
    std::uint64_t trap_address;         ///< The address of a page fault; 0 for other exceptions.
    std::uint64_t resume_rip;           ///< For the resume range.
    std::uint64_t user[6];              ///< The libOS's own.
    SavedContext enabled;               ///< Preempted while enabled: what ran.
    SavedContext trap;                  ///< An exception while enabled: what ran.
    std::uint64_t reclaim_frames;       ///< `reclaim`: how many page frames are asked for,
    std::uint64_t reclaim_deadline_ns;  ///< and until when, in nanoseconds since boot.
    /// What was taken since vcpu_bind, by number modulo taken_kept: so the last ones are there.
    std::uint64_t taken_count;
    TakenFrames taken[taken_kept];
};
static_assert(offsetof(VcpuArea, disabled) == AREA_DISABLED);
static_assert(offsetof(VcpuArea, pending) == AREA_PENDING);
static_assert(offsetof(VcpuArea, thread) == AREA_THREAD);
static_assert(offsetof(VcpuArea, foreign_rip) == AREA_FOREIGN_RIP);
static_assert(offsetof(VcpuArea, foreign_rflags) == AREA_FOREIGN_RFLAGS);
static_assert(offsetof(VcpuArea, trap_vector) == AREA_TRAP_VECTOR);
static_assert(offsetof(VcpuArea, trap_error) == AREA_TRAP_ERROR);
static_assert(offsetof(VcpuArea, trap_address) == AREA_TRAP_ADDRESS);
static_assert(offsetof(VcpuArea, resume_rip) == AREA_RESUME_RIP);
static_assert(offsetof(VcpuArea, user) == AREA_USER);
static_assert(offsetof(VcpuArea, enabled) == AREA_ENABLED);
static_assert(offsetof(VcpuArea, trap) == AREA_TRAP);
static_assert(sizeof(VcpuArea) == AREA_BYTES);

inline constexpr std::uint64_t vcpu_area_alignment = 64;

/// Bits of VcpuArea::pending.
inline constexpr std::uint64_t pending_slice_end = 1;
inline constexpr std::uint64_t pending_reclaim = 2;
inline constexpr std::uint64_t pending_timer = 4;
inline constexpr std::uint64_t pending_notification = 8;

/// Where upcalls arrive: addresses in the user half, 0 for "none". All arrive with interrupts on,
/// TF, NT, AC and DF clear and `disabled` set. The last word is no address.
struct VcpuEntries {
    std::uint64_t run;   ///< Start of a slice, after a preemption while enabled: see `enabled`.
    std::uint64_t trap;  ///< An exception while enabled: see `trap`. Registers are as it left them
                         ///< but rax, rcx, rip, rsp, rflags. None: exceptions end the environment.
    std::uint64_t slice_end;  ///< The slice is over: `grace_ns` to yield. See `enabled`.
    std::uint64_t foreign;    ///< A `syscall` that is no native one; every register as at the call
                              ///< but rcx and r11. None: such calls return -38 (ENOSYS).
    std::uint64_t stack;      ///< Stack pointer at all of them but foreign.
    /// [resume_start, resume_end): the restartable range. It starts with `disabled` set, clears it,
    /// and ends in a jump. Interrupted inside, it starts again with `disabled` set; a fault inside
    /// ends the environment.
    std::uint64_t resume_start;
    std::uint64_t resume_end;
    std::uint64_t reclaim = 0;  ///< Memory is asked for: see `reclaim_frames`, and `enabled`. With
                                ///< one, waits end for it with `interrupted`.
    std::uint64_t timer = 0;    ///< The time of vcpu_timer has come: see `enabled`. Waits go on.
    /// Bits of `notification` have been set that nobody waits for: see `enabled`. Waits go on.
    std::uint64_t notified = 0;
    std::uint64_t notification = 0;  ///< A handle with the right `wait`; 0 as `notified` is: none.
};
static_assert(sizeof(VcpuEntries) == 88);

/// How long slice_end may take before the vCPU is preempted where it stands.
inline constexpr std::uint64_t grace_ns = 100'000;

}  // namespace lamina
