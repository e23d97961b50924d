// exokernel/env/revoke.hpp - revocation: destroying all that was derived from a capability.
#pragma once

#include "exokernel/env/env.hpp"

namespace exo {

/// Whether somebody revokes capabilities for the same object or run at this moment. While it goes
/// on nothing may be derived, copied or mapped from any of them; so it ends.
inline bool being_revoked(const Capability& capability) {
    return capability.object->being_revoked();
}

/// Takes up to 64 entries out of a ring, of a capability's children or the roots of a run, from the
/// oldest on, and ends what there is by them; true if none is left.
bool revoke_some(Link& head);
/// The oldest entry of such a ring, if that is a capability, else null.
CapSlot* oldest_capability(const Link& head);

/// Begins the revocation of all that was derived from `cap`, capabilities in all tables and mapped
/// pages in all spaces, for a vCPU whose environment holds it. True if it is done; else the vCPU's
/// slices are used to go on with it, as a long call.
///
/// Each entry that goes leaves a legal state: what was derived from it now counts as derived
/// from its parent, which will be next. A page in which a vCPU has its area, mapped still or
/// not, takes its environment with it. A vCPU that waits at a notification or watches words by
/// a revoked capability wakes with `revoked`. Cost: a few steps for each capability and page,
/// in bounded parts.
bool begin_revocation(Vcpu& vcpu, Handle handle, CapSlot& cap);

}  // namespace exo
