// exokernel/env/revoke.cpp - revocation: destroying all that was derived from a capability.
#include "exokernel/env/revoke.hpp"

#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/chain.hpp"
#include "exokernel/cpu/notification.hpp"
#include "exokernel/cpu/upcall.hpp"
#include "exokernel/env/console.hpp"
#include "exokernel/env/long_call.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo {
namespace {

constexpr std::uint32_t entries_at_once = 64;

/// The environment that a table or a space is part of: it is alone in its frame.
Env& env_of(const void* part) {
    return *static_cast<Env*>(FrameTable::contents(FrameTable::frame_at(part)));
}

/// Takes a mapped page away. What can still be reached through a TLB is for `flush` to end.
void revoke_page(const Link& link, CpuSet& flush) {
    const AddressSpace::Mapping page = AddressSpace::mapping_of(link);
    LAMINA_ASSERT(page.space->unmap(page.address, page.count).has_value());
    flush.add(*page.space);
}

/// Takes the page of a vCPU's area away from it, mapped or not, and with it the environment.
void revoke_area(Vcpu& vcpu, CpuSet& flush) {
    unbind_area(vcpu);
    flush.add(vcpu.loaded_on);
    if (vcpu.env->alive())
        (void)begin_end(*vcpu.env, lamina::EndCause::revoked, lamina::status_killed);
}

/// Ends what a vCPU does by a capability.
void revoke_from_vcpu(Vcpu& vcpu, const Link& link, CpuSet& flush) {
    if (&link == &vcpu.area_link)
        revoke_area(vcpu, flush);
    else if (&link == &vcpu.told_link)
        Notification::stop_telling(vcpu);
    else
        (void)end_wait(vcpu, Status::revoked);
}

/// Drops a capability of any table, and what the environment does by it at this moment.
void revoke_capability(CapSlot& cap, CapTable& table) {
    Env& env = env_of(&table);
    if (cap.type == ObjectType::console) console.forget(env);
    table.drop(cap);
}

void end_revocation(Vcpu& vcpu) {
    Object& object = end_long_call(vcpu);
    --object.marks;
    release_object(object);
}

bool revoke_step(Vcpu& vcpu) {
    // It may have been revoked itself meanwhile, and what was derived from it will be.
    const auto cap = vcpu.env->caps.lookup_any(vcpu.handle, Rights::none);
    if (cap && !revoke_some((*cap)->children)) return false;
    if (vcpu.state != VcpuState::in_call) return false;  // it has ended its own environment
    end_revocation(vcpu);
    vcpu.set_result(cap ? Status::ok : Status::bad_handle, 0);
    return true;
}

/// Of what was derived from the capability `handle`; `object` is its object.
constexpr LongCall revocation = {revoke_step, end_revocation};

}  // namespace

bool revoke_some(Link& head) {
    CpuSet flush;
    for (std::uint32_t i = 0; !head.alone() && i < entries_at_once; ++i) {
        Link& oldest = *head.next;
        const FrameNumber frame = FrameTable::frame_at(&oldest);
        const FrameInfo& where = frames.info(frame);
        if (where.state == FrameState::mappings)
            revoke_page(oldest, flush);
        else if (where.state == FrameState::capabilities)
            revoke_capability(CapSlot::of(oldest), *static_cast<CapTable*>(where.owner));
        else
            revoke_from_vcpu(*static_cast<Vcpu*>(FrameTable::contents(frame)), oldest, flush);
    }
    shoot_down(flush);
    return head.alone();
}

CapSlot* oldest_capability(const Link& head) {
    if (head.alone()) return nullptr;
    const FrameInfo& where = frames.info(FrameTable::frame_at(head.next));
    return where.state == FrameState::capabilities ? &CapSlot::of(*head.next) : nullptr;
}

bool begin_revocation(Vcpu& vcpu, Handle handle, CapSlot& cap) {
    if (revoke_some(cap.children) || !vcpu.env->alive()) return true;
    // The reference keeps the object, and so the count of revokers, when the capability goes.
    ++cap.object->references;
    ++cap.object->marks;
    begin_long_call(vcpu, revocation, handle, *cap.object);
    return false;
}

}  // namespace exo
