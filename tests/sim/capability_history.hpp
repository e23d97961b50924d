// tests/sim/capability_history.hpp - CapabilityHistory: where each capability came from.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tests/sim/kernel_view.hpp"

namespace sim {

/// Keeps all capability tables as they were before the step, so that each new capability can be
/// held to those there were.
class CapabilityHistory {
public:
    CapabilityHistory(const KernelView& view, const Incarnations& incarnations);

    /// Takes over what is there, without questions: boot has put it there.
    void adopt();
    /// Compares with what is there after a step in which the kernel ran for `caller` (the id of the
    /// environment whose call it was; 0: none), and takes it over; true if it differs.
    bool check(std::uint64_t caller);

    /// Whether the environment held, before the step, a capability for these frames with these
    /// rights.
    bool held_frames(std::uint64_t env, std::uint32_t first, std::uint32_t count,
                     exo::Rights rights) const;
    /// The same for a capability to manage an environment; everybody manages itself.
    bool managed(std::uint64_t env, std::uint64_t target) const;

private:
    struct Table {
        std::vector<SlotView> slots;
        std::vector<std::uint32_t> used_generations;  ///< Of each slot: 1 + the last one in use.
        bool seen = false;                            ///< In the step that is checked.
    };
    /// What was there before the step.
    struct Before {
        std::uint32_t incarnation = 0;
        std::uint64_t env_id = 0;  ///< Of the environment in this frame.
        /// Of the environment for which the run that begins here was being zeroed; 0: none.
        std::uint64_t reserved_for = 0;
    };

    /// True if the table differs from what it was.
    bool check_table(const exo::Env& env, Table& table, std::uint64_t caller);
    void check_new(const exo::Env& env, const exo::Capability& made, std::uint64_t caller) const;
    bool is_new(const exo::Env& env, const exo::Capability& made) const;
    void check_slot(Table& table, std::uint32_t slot, const SlotView& now);
    static bool is_merged(const Table& table, const std::vector<SlotView>& slots,
                          const SlotView& now, const SlotView& was);
    bool is_reserved(const exo::Env& env, const exo::Capability& made) const;
    void remember();

    const KernelView* view_;
    const Incarnations* incarnations_;
    std::unordered_map<std::uint64_t, Table> tables_;  ///< By id of the environment.
    std::vector<Before> before_;                       ///< By frame.
};

}  // namespace sim
