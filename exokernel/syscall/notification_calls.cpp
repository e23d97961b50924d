// exokernel/syscall/notification_calls.cpp - system calls on notifications.
#include "arch/machine.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo::calls {

Result<std::uint64_t> notification_create(handle account) {
    CapTable& caps = caller().caps;
    LAMINA_TRY(const Capability* cap, caps.lookup(account, ObjectType::account, Rights::spend));
    LAMINA_TRY(const FrameNumber frame,
               frames.alloc(FrameState::object, static_cast<Account*>(cap->object)));
    const auto place = caps.free_slot();
    if (!place) {
        frames.free(frame);
        return lamina::fail(place.error());
    }
    auto& made = *static_cast<Notification*>(FrameTable::contents(frame));
    made.type = ObjectType::notification;
    Capability given;
    given.type = ObjectType::notification;
    given.rights = Rights::signal | Rights::wait | Rights::copy;
    given.object = &made;
    return std::uint64_t(caps.insert(**place, given, nullptr));
}

Result<std::uint64_t> notification_signal(handle notification, word bits) {
    LAMINA_TRY(Notification* const told, signalled(notification, bits));
    told->signal(bits);
    return 0;
}

Result<std::uint64_t> notification_wait(handle notification, word mask, word deadline_ns) {
    LAMINA_TRY(CapSlot* const cap,
               caller().caps.lookup(notification, ObjectType::notification, Rights::wait));
    if (mask == 0) return lamina::fail(Status::bad_argument);
    auto& from = *static_cast<Notification*>(cap->object);
    if (from.waiter != nullptr) return lamina::fail(Status::busy);
    if (const std::uint64_t taken = from.take(mask); taken != 0) return taken;
    if (deadline_ns <= arch::now_ns()) return lamina::fail(Status::timed_out);
    CpuLocal& cpu = this_cpu();
    cpu.must_dispatch = 1;
    // Another CPU may have ended the caller on its way in: it neither waits nor goes on.
    if (cpu.running->state == VcpuState::ready)
        LAMINA_CHECK(from.wait(*cpu.running, *cap, mask, deadline_ns));
    return 0;  // replaced by whoever ends the wait
}

}  // namespace exo::calls
