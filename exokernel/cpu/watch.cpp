// exokernel/cpu/watch.cpp - waiting until a predicate over words of memory holds.
#include "exokernel/cpu/watch.hpp"

#include "exokernel/cpu/chain.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/predicate.hpp"
#include "exokernel/cpu/upcall.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo {

void begin_watch(Vcpu& vcpu, const lamina::Predicate& predicate, const std::uint64_t* const* words,
                 CapSlot* const* by, std::uint64_t deadline_ns) {
    Watch& watch = vcpu.watch;
    watch.predicate = predicate;
    for (std::uint32_t i = 0; i < predicate.word_count; ++i) {
        watch.words[i] = words[i];
        watch.links[i].join(by[i]->children);
        frames.acquire(FrameTable::frame_at(words[i]));
    }
    vcpu.state = VcpuState::watching;
    if (deadline_ns == lamina::wait_forever) return;
    CpuLocal& home = *base_of(vcpu).home;
    home.deadlines.add(vcpu.deadline, deadline_ns);
    notify_cpu(&home);
}

bool watched_holds(const Vcpu& vcpu) {
    return predicate_holds(vcpu.watch.predicate, vcpu.watch.words);
}

void end_watch(Vcpu& vcpu, Status status) {
    vcpu.state = VcpuState::ready;
    vcpu.set_result(status, 0);
    make_ready(vcpu);
    for (std::uint32_t i = 0; i < vcpu.watch.predicate.word_count; ++i) {
        vcpu.watch.links[i].leave();
        frames.release(FrameTable::frame_at(vcpu.watch.words[i]));
    }
}

void come_due(const Deadline& due) {
    Vcpu& vcpu = *due.vcpu;
    if (&due == &vcpu.timer) return make_upcall_due(vcpu, lamina::pending_timer);
    const bool holds = vcpu.state == VcpuState::watching && watched_holds(vcpu);
    (void)end_wait(vcpu, holds ? Status::ok : Status::timed_out);
}

}  // namespace exo
