// exokernel/syscall/slice_calls.cpp - system calls on slices and CPU time.
#include <algorithm>
#include <utility>

#include "exokernel/cpu/bound_slices.hpp"
#include "exokernel/env/info_pages.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo::calls {
namespace {

bool is_length(std::uint64_t length_ns) {
    return length_ns >= lamina::slice_ns_min && length_ns <= lamina::slice_ns_max;
}

/// The slice that a handle stands for: itself, a vCPU's own, that of an environment's first vCPU.
/// Errors: bad_handle, wrong_type, missing_right, ended.
Result<Slice*> slice_of(lamina::Handle object, Rights needed) {
    LAMINA_TRY(const Capability* cap, caller().caps.lookup_any(object, Rights::none));
    Vcpu* vcpu = nullptr;
    switch (cap->type) {
        case ObjectType::slice: break;
        case ObjectType::vcpu: vcpu = static_cast<Vcpu*>(cap->object); break;
        case ObjectType::env: vcpu = static_cast<Env*>(cap->object)->vcpu; break;
        default: return lamina::fail(Status::wrong_type);
    }
    if (!covers(cap->rights, needed)) return lamina::fail(Status::missing_right);
    if (cap->type == ObjectType::slice) return static_cast<Slice*>(cap->object);
    if (vcpu == nullptr || vcpu->state >= VcpuState::ending) return lamina::fail(Status::ended);
    return &vcpu->slice;
}

}  // namespace

Result<std::uint64_t> slice_create(handle account, word cpu, word length_ns) {
    CapTable& caps = caller().caps;
    LAMINA_TRY(const Capability* cap, caps.lookup(account, ObjectType::account, Rights::spend));
    if (cpu >= cpus().size() || !is_length(length_ns)) return lamina::fail(Status::bad_argument);
    auto& payer = static_cast<Account&>(*cap->object);
    LAMINA_CHECK(check_slice(payer, *cpus()[cpu]));
    LAMINA_TRY(const FrameNumber frame, frames.alloc(FrameState::object, &payer));
    const auto place = caps.free_slot();
    if (!place) {
        frames.free(frame);
        return lamina::fail(place.error());
    }
    auto& made = *static_cast<Slice*>(FrameTable::contents(frame));
    made.type = ObjectType::slice;
    made.length_ns = length_ns;
    attach_slice(made, payer, *cpus()[cpu]);
    Capability given;
    given.type = ObjectType::slice;
    given.rights = Rights::manage | Rights::copy;
    given.object = &made;
    return std::uint64_t(caps.insert(**place, given, nullptr));
}

Result<std::uint64_t> slice_bind(handle slice, handle_or_null vcpu) {
    CapTable& caps = caller().caps;
    LAMINA_TRY(const Capability* cap, caps.lookup(slice, ObjectType::slice, Rights::manage));
    auto& bound = static_cast<Slice&>(*cap->object);
    if (vcpu == Handle::null) {
        unbind_slice(bound);
        return 0;
    }
    LAMINA_TRY(const Capability* to, caps.lookup(vcpu, ObjectType::vcpu, Rights::manage));
    auto& target = static_cast<Vcpu&>(*to->object);
    if (target.state >= VcpuState::ending) return lamina::fail(Status::ended);
    if (bound.vcpu != nullptr) return lamina::fail(Status::busy);
    if (bound.home != target.home) return lamina::fail(Status::bad_argument);
    LAMINA_CHECK(bind_slice(bound, target));
    return 0;
}

Result<std::uint64_t> slice_set(handle object, word length_ns) {
    LAMINA_TRY(Slice* const slice, slice_of(object, Rights::manage));
    if (!is_length(length_ns)) return lamina::fail(Status::bad_argument);
    slice->length_ns = length_ns;
    show_slice(*slice);
    return 0;
}

Result<std::uint64_t> slice_info(handle object, out_slice_info info) {
    LAMINA_TRY(const Slice* const slice, slice_of(object, Rights::none));
    const lamina::SliceInfo told = {
        slice->home->index, slice->position,  slice->vcpu != nullptr ? slice->vcpu->env->id : 0,
        slice->length_ns,   slice->excess_ns, slice->used_ns};
    LAMINA_CHECK(copy_to_caller(info, &told, sizeof told));
    return 0;
}

Result<std::uint64_t> vcpu_migrate(handle vcpu, word cpu) {
    LAMINA_TRY(const Capability* cap, caller().caps.lookup(vcpu, ObjectType::vcpu, Rights::manage));
    if (cpu >= cpus().size()) return lamina::fail(Status::bad_argument);
    auto& moved = static_cast<Vcpu&>(*cap->object);
    LAMINA_CHECK(migrate(moved, *cpus()[cpu]));
    info_pages.set_state(*moved.env);
    return 0;
}

Result<std::uint64_t> account_time(handle account, word slices, word time_ns,
                                   handle_or_null notification, word bits) {
    LAMINA_TRY(const Capability* cap,
               caller().caps.lookup(account, ObjectType::account, Rights::reclaim));
    Notification* told = nullptr;
    if (notification != Handle::null) {
        LAMINA_TRY(told, signalled(notification, bits));
        ++told->references;
    }
    auto& bound = static_cast<Account&>(*cap->object);
    bound.bounds_slices = slices < lamina::no_bound;
    bound.slices_max = std::uint32_t(std::min<std::uint64_t>(slices, 0xffff'ffff));
    bound.bounds_time = time_ns < lamina::no_bound;
    bound.time_left_ns = time_ns;
    bound.time_bits = bits;
    if (Notification* const before = std::exchange(bound.time_told, told)) release_object(*before);
    if (time_ns == 0) return 0;
    // Whose account has none left lapses again when its turn comes.
    for (CpuLocal* const cpu : cpus())
        if (cpu->slices.resume_lapsed()) notify_cpu(cpu);
    return 0;
}

}  // namespace exo::calls
