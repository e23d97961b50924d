// exokernel/syscall/device_calls.cpp - system calls on the console and the machine.
#include <algorithm>

#include "exokernel/core/log.hpp"
#include "exokernel/driver/console/console_device.hpp"
#include "exokernel/driver/power/power.hpp"
#include "exokernel/env/console.hpp"
#include "exokernel/lock/lock_order.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/memory/user_memory.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo::calls {
namespace {

/// Most bytes one console call moves: they pass through the kernel stack.
constexpr std::uint64_t console_bytes_max = 512;

/// The user memory that a call moves bytes of the console from or, if `write`, to. What it may take
/// is checked as a whole, however much there is to move.
Result<UserRange> console_range(handle console, Rights needed, user_address data, word bytes,
                                bool write) {
    Env& env = caller();
    LAMINA_CHECK(env.caps.lookup(console, ObjectType::console, needed));
    if (!lamina::in_user_half(data, bytes)) return lamina::fail(Status::bad_address);
    return UserRange::check(env.space, data, std::min(bytes, console_bytes_max), write,
                            env.failed_address);
}

}  // namespace

Result<std::uint64_t> console_write(handle console, user_address data, word bytes) {
    LAMINA_TRY(const UserRange range, console_range(console, Rights::write, data, bytes, false));
    const auto taken = std::min(range.bytes(), std::uint64_t{console_device.output_room()});
    char text[console_bytes_max];
    range.copy_in(text);
    console_device.write({text, taken});
    return taken;
}

Result<std::uint64_t> console_read(handle console, user_address data, word bytes) {
    LAMINA_TRY(const UserRange range, console_range(console, Rights::read, data, bytes, true));
    const auto given = std::min(range.bytes(), std::uint64_t{console_device.input_waiting()});
    char text[console_bytes_max];
    console_device.read(text, std::uint32_t(given));
    range.first(given).copy_out(text);
    return given;
}

Result<std::uint64_t> console_bind(handle console_handle, handle notification, word bits) {
    Env& env = caller();
    LAMINA_CHECK(env.caps.lookup(console_handle, ObjectType::console, Rights::read));
    LAMINA_TRY(Notification* const told, signalled_or_none(notification, bits));
    if (told != nullptr && bits == 0) return lamina::fail(Status::bad_argument);
    console.bind(env, told, bits);
    if (console_device.input_waiting() != 0) console.input_arrived();
    return 0;
}

Result<std::uint64_t> machine_power(handle machine, word action, word status) {
    Env& env = caller();
    LAMINA_CHECK(env.caps.lookup(machine, ObjectType::machine, Rights::power));
    if (action > lamina::power_reboot || status > 255) return lamina::fail(Status::bad_argument);
    console_device.drain();
    log_lock_order();
    // Who has the locks followed has the books gone over, too: this is the last quiescent point.
    if (LockOrder::validator().setting().is_on()) LAMINA_ASSERT(frames.consistent());
    if (action == lamina::power_reboot) {
        log("power", "reboot");
        reboot();
    }
    log("power", "off, status ", status);
    power_off();
}

}  // namespace exo::calls
