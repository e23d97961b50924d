// exokernel/boot/init_env.hpp - the first environment: init, which gets every capability there is.
#pragma once

#include "exokernel/boot/boot_info.hpp"
#include "exokernel/memory/account.hpp"

namespace exo::boot {

/// Makes and starts `init` from the archive, its memory charged to `root`. Panics with the cause if
/// the archive has no good one: without it the machine has no purpose.
void start_init(const BootInfo& boot, Account& root);

}  // namespace exo::boot
