// exokernel/cpu/notification.hpp - Notification: a word of bits that a vCPU can wait for.
#pragma once

#include <cstdint>

#include "exokernel/cpu/vcpu.hpp"

namespace exo {

struct Account;

/// At most one vCPU waits. While it does, no bit of its mask is set. At most one is told of bits
/// that no waiter takes, by an upcall. A waiter, who is told, a binding (the end of an environment,
/// console input) and each capability count one reference.
struct Notification : Object {
    std::uint64_t bits;
    Vcpu* waiter;
    Vcpu* told;
    Account* reclaims;  ///< Asked to give frames back, to tell it when it has; may be null.

    /// Sets bits; wakes the waiter if its mask has one of them, and tells of those that are left.
    void signal(std::uint64_t set);

    /// Takes the set bits of `mask` for a vCPU, or 0 if there are none.
    std::uint64_t take(std::uint64_t mask) {
        const std::uint64_t taken = bits & mask;
        bits &= ~taken;
        return taken;
    }

    /// Makes a vCPU wait until a bit of `mask` is set or the deadline passes. The wait is derived
    /// from `by`, so it ends with the revocation of that, but not when `by` is dropped. Errors:
    /// busy (another vCPU waits here).
    Result<void> wait(Vcpu& vcpu, CapSlot& by, std::uint64_t mask, std::uint64_t deadline_ns);

    /// Ends a vCPU's wait without bits: its call returns `status`. The notification may be gone
    /// then.
    static void cancel_wait(Vcpu& vcpu, Status status);

    /// Has a vCPU told of bits from now on, and at once if some are set. That is derived from `by`,
    /// as a wait is. Needs: nobody is told, and the vCPU of nothing.
    void tell(Vcpu& vcpu, CapSlot& by);

    /// Ends that, if a vCPU is told of something. The notification may be gone then.
    static void stop_telling(Vcpu& vcpu);
};

}  // namespace exo
