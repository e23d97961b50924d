// libos/linux/time_calls.cpp - system calls on time, and waiting for it to pass.
#include "libos/clock/clock.hpp"
#include "libos/info/info.hpp"
#include "libos/linux/abi.hpp"
#include "libos/linux/calls.hpp"
#include "libos/linux/process.hpp"
#include "libos/sys/handles.hpp"

namespace libos::linux_abi::calls {

using lamina::fail;

namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::int64_t ns_per_us = 1000;

TimeSpec to_time(word ns) {
    return {std::int64_t(ns) / ns_per_second, std::int64_t(ns) % ns_per_second};
}

TimeValue to_time_value(word ns) {
    const auto time = to_time(ns);
    return {time.seconds, time.nanoseconds / ns_per_us};
}

// Nanoseconds; what does not fit counts as for ever. Errors: einval.
Outcome<word> to_ns(const TimeSpec& time) {
    if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= ns_per_second)
        return fail(Errno::einval);
    word ns = 0;
    if (__builtin_mul_overflow(word(time.seconds), word(ns_per_second), &ns) ||
        __builtin_add_overflow(ns, word(time.nanoseconds), &ns))
        return lamina::wait_forever;
    return ns;
}

word since_boot() { return now_ns().value_or(0); }

// Clocks that tell the time of day, and how far they are ahead of those that count from boot.
bool is_wall_clock(integer clock) {
    return clock == clock_wall || clock == clock_wall_coarse || clock == clock_wall_alarm ||
           clock == clock_atomic;
}
word offset_of(integer clock) { return is_wall_clock(clock) ? wall_offset_ns().value_or(0) : 0; }

// A time of a clock as one since boot; what is before is at once.
word to_since_boot(word ns, integer clock) {
    const auto offset = offset_of(clock);
    if (ns == lamina::wait_forever) return ns;
    return ns > offset ? ns - offset : 0;
}

// The processor time of this environment.
word run_ns() {
    const auto id = word(process_id());
    lamina::EnvInfo info;
    for (std::uint32_t i = 0; i < lamina::env_count_max; ++i) {
        if (read_env_info(i, info) && info.id == id) return info.run_ns;
    }
    return 0;
}

Outcome<word> read_clock(integer clock) {
    if (clock < 0 || clock > clock_last) return fail(Errno::einval);
    if (clock == clock_process_cpu || clock == clock_thread_cpu) return run_ns();
    return since_boot() + offset_of(clock);
}

// Nobody signals this notification: waiting for it is waiting for the deadline.
void wait_until(word deadline_ns) {
    static constinit lamina::Handle never = lamina::Handle::null;
    if (never == lamina::Handle::null)
        never = sys::notification_create(fixed::account).value_or(lamina::Handle::null);
    if (never != lamina::Handle::null) {
        (void)sys::notification_wait(never, 1, deadline_ns);
        return;
    }
    while (since_boot() < deadline_ns)
        (void)sys::vcpu_yield();
}

word after(word ns) {
    word deadline = 0;
    return __builtin_add_overflow(since_boot(), ns, &deadline) ? lamina::wait_forever : deadline;
}

}  // namespace

Value clock_gettime(integer clock, address out) {
    LAMINA_TRY(const auto ns, read_clock(clock));
    LAMINA_CHECK(store(out, to_time(ns)));
    return 0;
}

Value clock_getres(integer clock, address out) {
    LAMINA_CHECK(read_clock(clock));
    LAMINA_CHECK(store_if_wanted(out, TimeSpec{0, 1}));
    return 0;
}

Value gettimeofday(address out, address zone) {
    LAMINA_CHECK(store_if_wanted(out, to_time_value(since_boot() + offset_of(clock_wall))));
    LAMINA_CHECK(store_if_wanted(zone, std::uint64_t{0}));
    return 0;
}

Value time(address out) {
    const auto seconds = word(to_time(since_boot() + offset_of(clock_wall)).seconds);
    LAMINA_CHECK(store_if_wanted(out, seconds));
    return seconds;
}

Value getrusage(integer, address out) {
    ResourceUsage usage = {};
    usage.user = to_time_value(run_ns());
    LAMINA_CHECK(store(out, usage));
    return 0;
}

// Nothing interrupts a wait, so nothing ever remains of it.
Value nanosleep(address duration, address) {
    LAMINA_TRY(const auto time, load<TimeSpec>(duration));
    LAMINA_TRY(const auto ns, to_ns(time));
    wait_until(after(ns));
    return 0;
}

Value clock_nanosleep(integer clock, integer flags, address time, address) {
    LAMINA_CHECK(read_clock(clock));
    LAMINA_TRY(const auto wanted, load<TimeSpec>(time));
    LAMINA_TRY(const auto ns, to_ns(wanted));
    wait_until((flags & timer_absolute) != 0 ? to_since_boot(ns, clock) : after(ns));
    return 0;
}

Value futex(address futex, integer operation, integer value, address timeout) {
    switch (operation & ~futex_flags) {
        case futex_wake:
        case futex_wake_bitset: return 0;
        case futex_wait:
        case futex_wait_bitset: break;
        default: return fail(Errno::enosys);
    }
    LAMINA_TRY(const auto now, load<integer>(futex));
    if (now != value) return fail(Errno::eagain);
    word deadline = lamina::wait_forever;
    if (!timeout.is_null()) {
        LAMINA_TRY(const auto wanted, load<TimeSpec>(timeout));
        LAMINA_TRY(const auto ns, to_ns(wanted));
        const bool absolute = (operation & ~futex_flags) == futex_wait_bitset;
        const auto clock = (operation & futex_wall_clock) != 0 ? clock_wall : clock_monotonic;
        deadline = absolute ? to_since_boot(ns, clock) : after(ns);
    }
    wait_until(deadline);
    return fail(Errno::etimedout);
}

}  // namespace libos::linux_abi::calls
