// exokernel/cpu/upcall.cpp - moving contexts to the vCPU area and starting entries.
#include "exokernel/cpu/upcall.hpp"

#include <utility>

#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/notification.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo {
namespace {

// Exceptions and foreign calls take the same steps in entry.S, without passing through here.

bool in_resume_range(const Vcpu& vcpu) {
    return vcpu.context.rip - vcpu.entries.resume_start <
           vcpu.entries.resume_end - vcpu.entries.resume_start;
}

/// Whether an upcall may come now.
bool enabled(const Vcpu& vcpu) { return vcpu.area != nullptr && vcpu.area->disabled == 0; }

void save(const Context& from, lamina::SavedContext& to) {
    to = {from.rax, from.rbx, from.rcx, from.rdx,    from.rsi, from.rdi,
          from.rbp, from.r8,  from.r9,  from.r10,    from.r11, from.r12,
          from.r13, from.r14, from.r15, from.rflags, from.rsp, from.rip};
}

void enter(Vcpu& vcpu, std::uint64_t entry) {
    save(vcpu.context, vcpu.area->enabled);
    vcpu.area->disabled = 1;
    vcpu.context.rip = entry;
    vcpu.context.rsp = vcpu.entries.stack;
    vcpu.context.rflags = USER_RFLAGS;
    ++vcpu.fresh.counts.upcalls;
}

/// Makes a vCPU go on at an entry. False if it has none or is disabled; then it finds the bit of it
/// in `pending`.
bool start(Vcpu& vcpu, std::uint64_t entry, std::uint64_t pending) {
    if (entry == 0) return false;  // as all are without an area
    if (enabled(vcpu)) {
        enter(vcpu, entry);
        return true;
    }
    vcpu.area->pending |= pending;
    return false;
}

}  // namespace

void show_upcalls(Vcpu& vcpu) {
    const lamina::VcpuEntries& entries = vcpu.entries;
    vcpu.context.upcalls = {
        vcpu.area,     entries.trap,         entries.foreign,
        entries.stack, entries.resume_start, entries.resume_end - entries.resume_start};
}

void reload_upcalls(Vcpu& vcpu) {
    CpuSet other;
    other.add(vcpu.loaded_on);
    if (other.bits() == 0) return show_upcalls(vcpu);
    shoot_down(other);
}

void bind_area(Vcpu& vcpu, lamina::VcpuArea* alias, FrameNumber frame, Link& page) {
    frames.acquire(frame);
    unbind_area(vcpu);
    vcpu.area = alias;
    vcpu.area_frame = frame;
    vcpu.area_link.join(page);
    vcpu.taken_count = 0;
}

void unbind_area(Vcpu& vcpu) {
    Notification::stop_telling(vcpu);
    if (vcpu.area != nullptr) {
        vcpu.area_link.leave();
        frames.release(vcpu.area_frame);
    }
    vcpu.area = nullptr;
    vcpu.entries = {};
    if (vcpu.loaded_on == nullptr || vcpu.loaded_on == &this_cpu()) show_upcalls(vcpu);
}

void restart_resume_range(Vcpu& vcpu) {
    if (vcpu.area == nullptr || !in_resume_range(vcpu)) return;
    vcpu.area->disabled = 1;
    vcpu.context.rip = vcpu.entries.resume_start;
}

bool upcall_slice_end(Vcpu& vcpu) {
    return start(vcpu, vcpu.entries.slice_end, lamina::pending_slice_end);
}

void make_upcall_due(Vcpu& vcpu, std::uint64_t pending) {
    vcpu.upcalls_due |= pending;
    if (&vcpu == this_cpu().running) this_cpu().must_dispatch = 1;
    notify_cpu(vcpu.loaded_on);
}

void upcalls_due(Vcpu& vcpu) {
    const std::uint64_t due = std::exchange(vcpu.upcalls_due, 0);
    if ((due & lamina::pending_reclaim) != 0 && vcpu.entries.reclaim != 0) {
        vcpu.area->reclaim_frames = vcpu.asked_frames;
        vcpu.area->reclaim_deadline_ns = vcpu.asked_deadline_ns;
        (void)start(vcpu, vcpu.entries.reclaim, lamina::pending_reclaim);
    }
    if ((due & lamina::pending_timer) != 0)
        (void)start(vcpu, vcpu.entries.timer, lamina::pending_timer);
    if ((due & lamina::pending_notification) != 0)
        (void)start(vcpu, vcpu.entries.notified, lamina::pending_notification);
}

void upcall_preempted(Vcpu& vcpu) {
    if (enabled(vcpu) && vcpu.entries.run != 0) enter(vcpu, vcpu.entries.run);
}

}  // namespace exo
