// tests/sim/upcalls.hpp - UpcallHistory: no upcall comes while a vCPU is disabled. And where the
// kernel's entries take upcalls to.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/sim/kernel_view.hpp"
#include "tests/sim/machine.hpp"

namespace sim {

/// Where programs have their upcalls arrive, and nothing else of theirs is.
inline constexpr std::uint64_t upcall_entries = 0x7000'0000'0000;
constexpr bool is_upcall_entry(std::uint64_t rip) { return rip >> 12 == upcall_entries >> 12; }

/// Keeps who was disabled before the step.
class UpcallHistory {
public:
    /// Before a step: what holds now.
    void note(const KernelView& view);
    /// After a step in which the kernel ran: who was disabled is where it was.
    void check(const KernelView& view, const Cpu& actor) const;
    /// How many upcalls have come.
    std::uint64_t count() const { return count_; }

private:
    struct Seen {
        const exo::Vcpu* vcpu;
        const lamina::VcpuArea* area;
        std::uint64_t rip;
        bool disabled;
    };
    std::vector<Seen> seen_;
    mutable std::uint64_t count_ = 0;
};

/// What the kernel's entries read, without a lock, of a vCPU that is on a CPU is what it is bound
/// to. Needs: no CPU has a lock.
void check_bound(const KernelView& view);

}  // namespace sim
