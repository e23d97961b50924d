// tests/sim/checks.hpp - Checks: everything that must hold, and when.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/sim/activity.hpp"
#include "tests/sim/capability_history.hpp"
#include "tests/sim/derivation.hpp"
#include "tests/sim/kernel_view.hpp"
#include "tests/sim/machine.hpp"
#include "tests/sim/mapping_history.hpp"
#include "tests/sim/upcalls.hpp"

namespace sim {

/// After each step in which the kernel ran: what it changed of capabilities, page tables and frames
/// since the step before, and what CPUs remember of page tables. If no CPU holds a lock then, all
/// that locks guard is whole: ledger, charges, references and sleepers are checked too, from
/// scratch.
class Checks {
public:
    explicit Checks(exo::Account& root);

    /// Takes over the state after boot, and checks all of it.
    void start(Machine& machine);
    /// Comes before every step.
    void before_step() { upcalls_.note(view_); }
    void after_step(const Cpu& actor);
    /// Looks for the objects again; then ledger, charges, references, sleepers. Needs: no CPU holds
    /// a lock.
    void all();

    Incarnations& incarnations() { return incarnations_; }
    const KernelView& view() const { return view_; }
    /// How often everything was checked.
    std::uint64_t full_checks() const { return full_checks_; }
    ActivityCounts activity() const;

private:
    void check_whole();
    void check_sleepers() const;
    void check_watcher(exo::Vcpu& vcpu) const;
    /// Needs: the actor has just left what it did under the kernel lock in a call of vcpu_poke.
    void check_poked(const Cpu& actor);
    void check_ends();

    KernelView view_;
    Incarnations incarnations_;
    CapabilityHistory capabilities_;
    MappingHistory mappings_;
    DerivationHistory derivation_;
    UpcallHistory upcalls_;
    Activity activity_;
    std::vector<std::uint64_t> ending_;  ///< Environments that were on their way down, by id.
    bool tree_changed_ = false;          ///< Perhaps, since it was checked.
    Machine* machine_ = nullptr;
    std::uint64_t full_checks_ = 0;
};

}  // namespace sim
