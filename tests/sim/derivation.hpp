// tests/sim/derivation.hpp - DerivationHistory: what every capability and page was made from.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "tests/sim/entry.hpp"
#include "tests/sim/kernel_view.hpp"

namespace sim {

/// Keeps a derivation tree of its own, by what calls were asked to do, and compares the kernel's
/// rings with it. Its rules: what a call makes from a capability it names is a child of that one;
/// what is made anew is a root; when a node goes its children become those of its parent; what is
/// moved keeps its parent and its children. What is a root and refers to a run is in that run's
/// ring of roots, and nothing else is.
class DerivationHistory {
public:
    explicit DerivationHistory(const KernelView& view) : view_(&view) {}

    /// Takes over what is there, without questions.
    void adopt();
    /// Whether vCPU areas, or their places in rings, are others than when this was last asked.
    bool areas_changed();
    /// Brings the own tree up to date after a step that changed tables or page tables, and
    /// compares.
    void check(const CallInProgress& call);
    /// After this call of cap_revoke has returned ok: nothing that was derived is left.
    void check_revoked(const CallInProgress& call) const;

private:
    /// A capability, a mapped page, or the area of a vCPU, of an environment: see key_of_slot().
    using Key = std::uint64_t;
    struct Node {
        Key parent = 0;  ///< 0: a root.
        const exo::Object* object = nullptr;
        bool in_roots = false;  ///< Of its run.
    };
    using Tree = std::unordered_map<Key, Node>;
    /// A bound area and its neighbours, by its key.
    using Areas = std::unordered_map<Key, std::array<const void*, 3>>;

    static Key key_of_slot(std::uint64_t env, std::uint32_t slot);
    static Key key_of_area(const exo::Vcpu& vcpu);
    static Key key_of_page(std::uint64_t env, std::uint64_t address);
    /// The tree as the kernel has it. A ring that is not whole is a violation.
    Tree kernel_tree() const;
    void add_nodes(const exo::Env& env, Tree& tree) const;
    void add_parents(const exo::Env& env, Tree& tree) const;
    void add_area(const exo::Vcpu& vcpu, Tree& tree) const;
    void add_roots(Tree& tree) const;
    void check_runs(const Tree& tree) const;
    void bind(const CallInProgress& call);
    Key key_of(const exo::Link& link) const;
    Key source_of(const CallInProgress& call, const Node& made) const;
    void remove_gone(const Tree& now);
    void move(const CallInProgress& call, const Tree& now);

    const KernelView* view_;
    Tree tree_;
    Areas areas_;
    Areas areas_checked_;  ///< When the tree was checked last.
};

}  // namespace sim
