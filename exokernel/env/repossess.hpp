// exokernel/env/repossess.hpp - taking by force the page frames that an account owes.
#pragma once

#include "exokernel/env/env.hpp"

namespace exo {

/// Begins to take what the account of `env` owes, for a vCPU in its own slices: a long call. Its
/// result is how many frames are still owed. Needs: they are, and nobody is collecting them.
///
/// It takes whole runs, by revoking all that refers to them, and so that what is asked for is just
/// met, the last one in part: then the oldest capability for it is kept, for the frames that are
/// left of it. Runs with a capability come before those that are only mapped, which are taken
/// whole; last come those that another environment has mapped, as a loader does an app's program.
/// Frames with high numbers come before others. Frames of the kernel for an environment and quota
/// of accounts below are not taken. Cost: up to six walks through the frame table in bounded parts,
/// and a few steps for each capability and page.
void begin_repossession(Vcpu& vcpu, Env& env);

/// From the account of the environment `object`; runs from `done` on were seen.
extern const LongCall repossession;

}  // namespace exo
