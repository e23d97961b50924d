// tests/sim/activity.hpp - Activity: what vCPUs have done in a run, so that it cannot go quiet.
#pragma once

#include <array>
#include <cstdint>

#include "tests/sim/kernel_view.hpp"
#include "tests/sim/machine.hpp"

namespace sim {

/// How often something was seen to happen.
struct ActivityCounts {
    std::uint64_t parallel = 0;     ///< Steps with one environment in user mode on several CPUs.
    std::uint64_t served = 0;       ///< Calls of gates.
    std::uint64_t served_deep = 0;  ///< Those made by who serves one that is from one, too.
    std::uint64_t cut = 0;          ///< Calls that ended otherwise than by their reply.
    std::uint64_t waits = 0;        ///< For a notification.
    std::uint64_t woken = 0;        ///< Those that ended by a signal.
    std::uint64_t watches = 0;      ///< Waits for a predicate.
    std::uint64_t came_true = 0;    ///< Those that ended since it held.
    std::uint64_t pokes_of_halted = 0;   ///< Of who watches, while its CPU halts.
    std::uint64_t migrations = 0;        ///< Of vCPUs that were started.
    std::uint64_t yields_to_others = 0;  ///< A slice that is given to another vCPU.
    std::uint64_t bound_slices = 0;      ///< Turns in a slice that is no vCPU's own.
    std::uint64_t upcalls = 0;
    std::uint64_t told = 0;  ///< Bits of a notification that wait for the vCPU to be told of them.

    void add(const ActivityCounts& other);
    void print() const;
};

/// Compares vCPUs before and after each step.
class Activity {
public:
    /// After a step in which the kernel ran, and after the view has been refreshed.
    void after_step(const KernelView& view, Machine& machine);
    ActivityCounts counts;

private:
    /// A vCPU as it was; env_id 0: there was none.
    struct Seen {
        std::uint64_t env_id = 0;
        exo::VcpuState state = {};
        const exo::Vcpu* caller = nullptr;
        const exo::CpuLocal* home = nullptr;
        bool told = false;
    };
    void compare(const exo::Vcpu& vcpu, const Seen& before);

    std::array<Seen, object_places> seen_ = {};
    std::array<const exo::Slice*, cpu_count> slices_ = {};
    std::array<const exo::Vcpu*, cpu_count> given_to_ = {};
};

}  // namespace sim
