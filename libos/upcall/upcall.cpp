// libos/upcall/upcall.cpp - the vCPU area and the table of trap handlers.
#include "libos/upcall/upcall.hpp"

#include <cstddef>

#include "lamina/rights.hpp"
#include "libos/sys/calls.hpp"

// In entries.S.
extern "C" const std::byte libos_upcall_trap[], libos_upcall_run[], libos_upcall_slice_end[],
    libos_upcall_reclaim[], libos_upcall_timer[], libos_upcall_notified[], libos_resume[],
    libos_resume_end[], libos_upcall_stack_top[];

namespace libos {
namespace {

constexpr std::size_t exception_count = 32;

// One page, so that the area cannot straddle two.
alignas(4096) constinit lamina::VcpuArea area = {};
constinit TrapHandler handlers[exception_count] = {};
constinit lamina::VcpuEntries entries = {};
constinit ReclaimHandler reclaim_handler = nullptr;
constinit TimerHandler timer_handler = nullptr;
constinit NotificationHandler notification_handler = nullptr;

std::uint64_t address(const std::byte* symbol) { return reinterpret_cast<std::uint64_t>(symbol); }

constexpr lamina::Handle first_vcpu{lamina::slots::vcpu};

lamina::Result<void> bind() { return sys::vcpu_bind(first_vcpu, &area, &entries); }

void fill(lamina::VcpuArea& filled, lamina::Handle vcpu, std::uint64_t stack) {
    filled.self = reinterpret_cast<std::uint64_t>(&filled);
    filled.user[upcall_stack_word] = stack;
    filled.user[vcpu_word] = std::uint64_t(vcpu);
}

}  // namespace

TrapHandler set_trap_handler(std::uint8_t vector, TrapHandler handler) {
    if (vector >= exception_count) return nullptr;
    const TrapHandler before = handlers[vector];
    handlers[vector] = handler;
    return before;
}

lamina::VcpuArea& vcpu_area() {
    std::uint64_t base = 0;
    asm volatile("rdgsbase %0" : "=r"(base));
    return base != 0 ? *reinterpret_cast<lamina::VcpuArea*>(base) : area;
}

lamina::Result<void> start_upcalls(std::uint64_t foreign_entry) {
    fill(area, first_vcpu, address(libos_upcall_stack_top));
    asm volatile("wrgsbase %0" : : "r"(area.self));
    entries = {
        .run = address(libos_upcall_run),
        .trap = address(libos_upcall_trap),
        .slice_end = address(libos_upcall_slice_end),
        .foreign = foreign_entry,
        .stack = address(libos_upcall_stack_top),
        .resume_start = address(libos_resume),
        .resume_end = address(libos_resume_end),
        .reclaim = 0,
        .timer = 0,
        .notified = 0,
        .notification = 0,
    };
    return bind();
}

lamina::Result<void> bind_upcalls(lamina::Handle vcpu, lamina::VcpuArea& other,
                                  std::uint64_t stack) {
    fill(other, vcpu, stack);
    other.disabled = 1;
    lamina::VcpuEntries given = entries;
    given.stack = stack;
    given.notified = given.notification = 0;
    return sys::vcpu_bind(vcpu, &other, &given);
}

void begin_upcalls(lamina::VcpuArea& own) {
    asm volatile("wrgsbase %0" : : "r"(&own));
    // What is pending by now is done when the next upcall goes on.
    __atomic_store_n(&own.disabled, 0, __ATOMIC_RELEASE);
}

lamina::Result<void> set_reclaim_handler(ReclaimHandler handler) {
    // Named before it can be called, and forgotten after.
    if (handler != nullptr) reclaim_handler = handler;
    entries.reclaim = handler != nullptr ? address(libos_upcall_reclaim) : 0;
    LAMINA_CHECK(bind());
    reclaim_handler = handler;
    return {};
}

lamina::Result<void> set_timer_handler(TimerHandler handler) {
    if (handler != nullptr) timer_handler = handler;
    entries.timer = handler != nullptr ? address(libos_upcall_timer) : 0;
    LAMINA_CHECK(bind());
    timer_handler = handler;
    return {};
}

lamina::Result<void> set_notification_handler(lamina::Handle notification,
                                              NotificationHandler handler) {
    const lamina::VcpuEntries before = entries;
    NotificationHandler const handler_before = notification_handler;
    if (handler != nullptr) notification_handler = handler;
    entries.notified = handler != nullptr ? address(libos_upcall_notified) : 0;
    entries.notification = handler != nullptr ? std::uint64_t(notification) : 0;
    if (const auto bound = bind(); !bound) {
        entries = before;
        notification_handler = handler_before;
        return bound;
    }
    notification_handler = handler;
    return {};
}

extern "C" bool libos_handle_trap(lamina::VcpuArea* trapped) {
    if (trapped->trap_vector >= exception_count) return false;
    const TrapHandler handler = handlers[trapped->trap_vector];
    return handler != nullptr && handler(*trapped);
}

/// Goes on with a context for good: used where the resume range cannot.
extern "C" void libos_resume_by_kernel(const lamina::SavedContext* context) {
    (void)sys::vcpu_resume(reinterpret_cast<std::uint64_t>(context));
}

/// Takes the area away, so that the trapped instruction, repeated, ends the environment. Of the
/// exceptions that are told of behind the instruction that means going back to it.
extern "C" void libos_stop_upcalls(lamina::VcpuArea* trapped) {
    const auto vcpu = lamina::Handle(trapped->user[vcpu_word]);
    (void)sys::vcpu_bind(vcpu, std::uint64_t{0}, std::uint64_t{0});
    trapped->pending = 0;
    constexpr std::uint64_t breakpoint = 3;
    constexpr std::uint64_t overflow = 4;
    constexpr unsigned char int3 = 0xcc;
    if (trapped->trap_vector != breakpoint && trapped->trap_vector != overflow) return;
    const auto* last_byte = reinterpret_cast<const unsigned char*>(trapped->trap.rip - 1);
    trapped->trap.rip -= *last_byte == int3 ? 1 : 2;
}

extern "C" void libos_handle_slice_end() { (void)sys::vcpu_yield(); }

extern "C" void libos_handle_reclaim(lamina::VcpuArea* asked) {
    if (reclaim_handler != nullptr) reclaim_handler(*asked);
}

extern "C" void libos_handle_timer(lamina::VcpuArea* area) {
    if (timer_handler != nullptr) timer_handler(*area);
}

extern "C" void libos_handle_notified(lamina::VcpuArea* area) {
    if (notification_handler != nullptr) notification_handler(*area);
}

extern "C" void libos_handle_pending(lamina::VcpuArea* masked) {
    // In one step: the kernel may set a bit at any moment.
    const std::uint64_t pending = __atomic_exchange_n(&masked->pending, 0, __ATOMIC_RELAXED);
    if ((pending & lamina::pending_reclaim) != 0) libos_handle_reclaim(masked);
    if ((pending & lamina::pending_timer) != 0) libos_handle_timer(masked);
    if ((pending & lamina::pending_notification) != 0) libos_handle_notified(masked);
    if ((pending & lamina::pending_slice_end) != 0) (void)sys::vcpu_yield();
}

}  // namespace libos
