// tests/sim/boot.hpp - the kernel's state as after boot, on the simulated machine.
#pragma once

#include "exokernel/env/env.hpp"
#include "exokernel/memory/account.hpp"

namespace sim {

/// What pays for everything.
exo::Account& root_account();
/// What capabilities for the machine refer to.
const exo::Object& machine_object();

/// Makes all of the kernel's global state anew, as boot/main.cpp does: memory, frame table, root
/// account, info pages. Needs: a Machine, which has the CPUs.
void boot_kernel();

/// Makes and starts the first environment, with memory at `home`, the account of all frames, the
/// console, the info pages and the right to watch the machine's memory; on a large machine also
/// frames for two pages of 2 MiB.
exo::Env& start_first_env();

}  // namespace sim
