// libos/upcall/upcall.hpp - receives the kernel's upcalls; a table of trap handlers an app can
// hook.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lamina/result.hpp"
#include "lamina/rights.hpp"
#include "lamina/vcpu.hpp"

namespace libos {

/// Called for an exception, on the upcall stack and disabled: it may touch only memory that is
/// mapped (a fault here ends the environment). `area.trap` is the interrupted context,
/// `area.trap_vector`, `trap_error` and `trap_address` say what happened. True: go on with
/// `area.trap`, changed or not. False: the environment ends with the report of this exception.
using TrapHandler = bool (*)(lamina::VcpuArea& area);

/// Names the handler of an exception vector below 32; null for none. Returns the one before.
TrapHandler set_trap_handler(std::uint8_t vector, TrapHandler handler);

/// Called when memory is asked for, on the upcall stack and disabled, wherever the program is at
/// that moment: it may touch only memory that is mapped and what the program cannot be in the midst
/// of using. `area.reclaim_frames` and `reclaim_deadline_ns` say how much is wanted until when.
/// What is not given back by then may be taken by force: `area.taken`.
using ReclaimHandler = void (*)(lamina::VcpuArea& area);

/// Names the handler; null for none: then nothing is asked. From now on a wait may end with
/// `interrupted`. Needs: start_upcalls(). Errors: as vcpu_bind.
lamina::Result<void> set_reclaim_handler(ReclaimHandler handler);

/// Called when the time given to sys::vcpu_timer has come, once, as a ReclaimHandler is. It may set
/// the timer again.
using TimerHandler = void (*)(lamina::VcpuArea& area);

/// Names the handler; null for none: then timers pass unseen. Needs: start_upcalls(). Errors: as
/// vcpu_bind.
lamina::Result<void> set_timer_handler(TimerHandler handler);

/// Called when bits of the notification have been set that nobody waits for, as a ReclaimHandler
/// is; once for all that were set since it was called last. They stay set: sys::notification_wait
/// with no_wait takes them.
using NotificationHandler = void (*)(lamina::VcpuArea& area);

/// Names the notification, by a handle with the right `wait` that stays valid as long, and the
/// handler, which is called at once if bits are set; null for none. The app's first vCPU is told.
/// Needs: start_upcalls(). Errors: as vcpu_bind; busy (another vCPU is told).
lamina::Result<void> set_notification_handler(lamina::Handle notification,
                                              NotificationHandler handler);

/// Binds the vCPU area, so that upcalls come. `foreign_entry` is where foreign system calls go; 0
/// answers them with ENOSYS. Errors: as vcpu_bind.
lamina::Result<void> start_upcalls(std::uint64_t foreign_entry = 0);

/// The calling vCPU's area; that of the first one before start_upcalls().
lamina::VcpuArea& vcpu_area();

/// Words of VcpuArea::user that the entries use: the top of the vCPU's upcall stack, and the handle
/// of the vCPU.
inline constexpr std::size_t upcall_stack_word = 4;
inline constexpr std::size_t vcpu_word = 5;

/// Binds an area of its own to a further vCPU of the app, which has not started, with the entries
/// of the first one and the top of another upcall stack (a multiple of 16). No upcall comes until
/// the vCPU calls begin_upcalls(). Needs: start_upcalls(). Errors: as vcpu_bind.
lamina::Result<void> bind_upcalls(lamina::Handle vcpu, lamina::VcpuArea& area, std::uint64_t stack);

/// Points the GS base of the calling vCPU to its area, so that upcalls come.
void begin_upcalls(lamina::VcpuArea& area);

}  // namespace libos
