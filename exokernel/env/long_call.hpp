// exokernel/env/long_call.hpp - calls that take more than one step, in their caller's slices.
#pragma once

#include "exokernel/env/env.hpp"

namespace exo {

/// Makes a vCPU's slices go on with a call (VcpuState::in_call); dispatch must follow. A reference
/// to the object is the call's until end_long_call().
void begin_long_call(Vcpu& vcpu, const LongCall& what, Handle handle, Object& object);
/// The vCPU is ready again; its call's reference is handed over.
Object& end_long_call(Vcpu& vcpu);

/// Does the next part; called in the vCPU's slices. True when it is done and the vCPU is ready,
/// with the call's result in its context.
inline bool step_long_call(Vcpu& vcpu) { return vcpu.long_call->step(vcpu); }
/// Leaves the call as far as it is, as its vCPU ends.
inline void stop_long_call(Vcpu& vcpu) { vcpu.long_call->stop(vcpu); }

/// Page frames of a run that one step zeroes.
inline constexpr std::uint32_t frames_zeroed_at_once = 128;

/// Gives an environment a capability for a new run; if its table has no room, the run is free
/// again. Errors: table_full, quota_exceeded, out_of_frames.
[[gnu::always_inline]] inline Result<std::uint64_t> give_run(Env& env, FrameInfo& run,
                                                             const Capability& whole) {
    const auto place = env.caps.free_slot();
    if (!place) [[unlikely]] {
        release_object(run);
        return lamina::fail(place.error());
    }
    return std::uint64_t(env.caps.insert(**place, whole, &run.roots, true));
}

/// Zeroes a new run and gives the vCPU's environment a capability for it. The call's result is the
/// handle, or an error of give_run(). The run is `object`, whose first `done` frames are zeroed.
extern const LongCall run_alloc;
inline void begin_alloc(Vcpu& vcpu, Object& run) {
    begin_long_call(vcpu, run_alloc, Handle::null, run);
}

}  // namespace exo
