// libos/upcall/upcall.hpp - receives the kernel's upcalls; a table of trap handlers an app can
// hook.
#pragma once

#include <cstdint>

#include "lamina/result.hpp"
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

/// Binds the vCPU area, so that upcalls come. `foreign_entry` is where foreign system calls go; 0
/// answers them with ENOSYS. Errors: as vcpu_bind.
lamina::Result<void> start_upcalls(std::uint64_t foreign_entry = 0);

/// The calling vCPU's area. Needs: start_upcalls().
lamina::VcpuArea& vcpu_area();

}  // namespace libos
