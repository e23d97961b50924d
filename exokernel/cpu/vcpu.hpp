// exokernel/cpu/vcpu.hpp - Vcpu: an execution context of an environment.
#pragma once

#include <cstddef>
#include <cstdint>

#include "exokernel/cap/capability.hpp"
#include "exokernel/core/types.hpp"
#include "exokernel/cpu/context.hpp"
#include "exokernel/cpu/deadlines.hpp"
#include "exokernel/cpu/slices.hpp"
#include "lamina/predicate.hpp"
#include "lamina/stats.hpp"
#include "lamina/status.hpp"
#include "lamina/vcpu.hpp"

namespace exo {

class AddressSpace;
struct CpuLocal;
struct Env;
struct Gate;
struct Notification;
struct Vcpu;

enum class VcpuState : std::uint8_t {
    created,   ///< Never started.
    ready,     ///< Runs when its slice comes.
    waiting,   ///< For a notification or a deadline.
    watching,  ///< For a predicate or a deadline: looked at when its slice comes.
    in_call,   ///< Its slice is used to go on with a long call; then it is ready.
    calling,   ///< Until `callee` replies.
    parked,    ///< An activation of a gate, free for the next call.
    ending,    ///< Its slice is used to take it down, and the last one's the environment.
    ended,     ///< Without a slice.
};

/// What a vCPU does while it runs.
struct RunCounts {
    lamina::EnvCounts counts;
    std::uint64_t run_ns;
};

/// A call that takes more than one step (env/long_call.hpp).
struct LongCall {
    bool (*step)(Vcpu& vcpu);  ///< Does the next part; true when it is done and the vCPU is ready.
    void (*stop)(Vcpu& vcpu);  ///< Leaves it as far as it is.
};

/// What a vCPU waits for, and the words it looks at: their runs are held by a reference each, and
/// each is derived from the capability it is by.
struct Watch {
    lamina::Predicate predicate;
    const std::uint64_t* words[lamina::predicate_words_max];
    Link links[lamina::predicate_words_max];
};

/// Takes one page frame, the extended state at its end. What runs is in the registers of the CPU
/// that it is loaded on, and stays there until another vCPU is loaded or another CPU needs it.
struct Vcpu : Object {
    Env* env;
    Vcpu* next;           ///< Of its environment.
    AddressSpace* space;  ///< That of `env`.
    CpuLocal* home;       ///< Whose slice vector its slice is in.
    CpuLocal* loaded_on;  ///< Null: all of its state is here.
    VcpuState state;
    Slice slice;
    Deadline deadline;        ///< Of its wait.
    Deadline timer;           ///< Of its timer upcall.
    std::uint64_t run_ns;     ///< Time it ran, up to the last switch away from it.
    RunCounts fresh;          ///< What of it is not in the info pages yet.
    Notification* waits_for;  ///< Set while waiting, by a reference.
    std::uint64_t wait_mask;
    Link wait_link;  ///< While waiting or calling: among what was derived from the capability used.
    Vcpu* caller;    ///< Whose call it serves; null: none (chain.hpp).
    Vcpu* callee;    ///< While calling: who serves it.
    Gate* gate;      ///< Of which it is an activation, by a reference; null: none.
    Vcpu* next_free;                  ///< While parked: in the list of its gate.
    Watch watch;                      ///< While watching: for what.
    const LongCall* long_call;        ///< While in_call: what it does,
    Object* object;                   ///< with what, by a reference,
    Handle handle;                    ///< by which capability,
    std::uint32_t done;               ///< and how much of it is done.
    lamina::VcpuArea* area;           ///< The kernel's alias of the bound area; null: none.
    FrameNumber area_frame;           ///< Held by a reference while bound.
    std::uint32_t taken_count;        ///< Written to the area since it was bound.
    Link area_link;                   ///< While bound: in the ring that the area's page was in.
    lamina::VcpuEntries entries;      ///< Copied and checked; all zero while no area is bound.
    Notification* told_of;            ///< Whose bits upcalls tell of, by a reference; may be null.
    Link told_link;                   ///< Then: in the ring of what was derived to tell it.
    std::uint64_t upcalls_due;        ///< Bits of VcpuArea::pending, but that of the slice's end.
    std::uint64_t asked_frames;       ///< What the reclaim upcall asks for,
    std::uint64_t asked_deadline_ns;  ///< and until when.
    Context context;
    /// XSAVE area (Intel SDM vol. 1, 13.4). Never in memory user space can reach.
    alignas(64) std::byte extended_state[page_size - 1024];

    /// What the interrupted system call returns when the vCPU goes on.
    void set_result(lamina::Status status, std::uint64_t value) {
        context.rax = std::uint64_t(status);
        context.rdx = value;
    }
};
static_assert(sizeof(Vcpu) <= page_size);

}  // namespace exo
