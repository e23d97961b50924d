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

}  // namespace

Result<std::uint64_t> console_write(handle console_handle, user_address data, word bytes) {
    Env& env = caller();
    LAMINA_CHECK(env.caps.lookup(console_handle, ObjectType::console, Rights::write));
    if (!lamina::in_user_half(data, bytes)) return lamina::fail(Status::bad_address);
    // What the call may take is checked as a whole, however much room there is.
    const auto most = std::min(bytes, console_bytes_max);
    LAMINA_TRY(const UserRange range,
               UserRange::check(env.space, data, most, false, env.failed_address));
    const auto taken = std::min(most, std::uint64_t{console_device.output_room()});
    char text[console_bytes_max];
    range.copy_in(text);
    console_device.write({text, taken});
    return taken;
}

Result<std::uint64_t> console_read(handle console_handle, user_address data, word bytes) {
    Env& env = caller();
    LAMINA_CHECK(env.caps.lookup(console_handle, ObjectType::console, Rights::read));
    if (!lamina::in_user_half(data, bytes)) return lamina::fail(Status::bad_address);
    const auto most = std::min(bytes, console_bytes_max);
    LAMINA_CHECK(UserRange::check(env.space, data, most, true, env.failed_address));
    const auto wanted = std::min(most, std::uint64_t{console_device.input_waiting()});
    LAMINA_TRY(const UserRange range,
               UserRange::check(env.space, data, wanted, true, env.failed_address));
    char text[console_bytes_max];
    console_device.read(text, std::uint32_t(wanted));
    range.copy_out(text);
    return wanted;
}

Result<std::uint64_t> console_bind(handle console_handle, handle notification, word bits) {
    Env& env = caller();
    LAMINA_CHECK(env.caps.lookup(console_handle, ObjectType::console, Rights::read));
    Notification* told = nullptr;
    if (notification != Handle::null) {
        LAMINA_TRY(told, signalled(notification, bits));
        if (bits == 0) return lamina::fail(Status::bad_argument);
    }
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
