// exokernel/env/long_call.cpp - calls that take more than one step, in their caller's slices.
#include "exokernel/env/long_call.hpp"

#include <algorithm>
#include <utility>

#include "exokernel/core/panic.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo {
namespace {

bool alloc_step(Vcpu& vcpu) {
    auto& run = static_cast<FrameInfo&>(*vcpu.object);
    const std::uint32_t part = std::min(frames_zeroed_at_once, run.extent - vcpu.done);
    frames.zero(run, vcpu.done, part);
    vcpu.done += part;
    if (vcpu.done != run.extent) return false;
    end_long_call(vcpu);
    const auto given = give_run(*vcpu.env, run, whole_run(run));
    vcpu.set_result(given ? Status::ok : given.error(), given.value_or(0));
    return true;
}

}  // namespace

const LongCall run_alloc = {alloc_step, [](Vcpu& vcpu) { release_object(end_long_call(vcpu)); }};

void begin_long_call(Vcpu& vcpu, const LongCall& what, Handle handle, Object& object) {
    vcpu.long_call = &what;
    vcpu.handle = handle;
    vcpu.object = &object;
    vcpu.done = 0;
    vcpu.state = VcpuState::in_call;
    this_cpu().must_dispatch = 1;
}

Object& end_long_call(Vcpu& vcpu) {
    LAMINA_ASSERT(vcpu.state == VcpuState::in_call);
    vcpu.state = VcpuState::ready;
    return *std::exchange(vcpu.object, nullptr);
}

}  // namespace exo
