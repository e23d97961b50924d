// exokernel/cpu/watch.hpp - waiting until a predicate over words of memory holds.
#pragma once

#include "exokernel/cpu/vcpu.hpp"

namespace exo {

/// Makes a vCPU watch until the predicate holds or the deadline passes. Each of its words is given
/// by where it is and the capability it is by: its run is held meanwhile, and the wait ends with
/// the revocation of any of the capabilities, but not when one is dropped. The vCPU keeps its place
/// in the slice vector: in its turn dispatch looks whether the predicate holds. Needs: checked.
void begin_watch(Vcpu& vcpu, const lamina::Predicate& predicate, const std::uint64_t* const* words,
                 CapSlot* const* by, std::uint64_t deadline_ns);

/// Whether what a watching vCPU waits for holds at this moment.
bool watched_holds(const Vcpu& vcpu);

/// Ends the wait of a vCPU that watches: its call returns `status`.
void end_watch(Vcpu& vcpu, Status status);

/// One of a vCPU's deadlines has come, and is in no queue any more.
void come_due(const Deadline& due);

}  // namespace exo
