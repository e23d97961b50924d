// tests/sim/kernel_view.hpp - KernelView: the kernel's state as the checks see it.
//
// Together with entry.hpp the only place that knows how the kernel keeps its objects.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "exokernel/cap/capability.hpp"
#include "exokernel/cpu/gate.hpp"
#include "exokernel/cpu/notification.hpp"
#include "exokernel/env/env.hpp"
#include "exokernel/memory/account.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/memory/page_entry.hpp"
#include "tests/sim/tlb.hpp"

namespace sim {

/// Places of KernelView::place_of(): one a frame, and three for static objects.
inline constexpr std::size_t object_places = frame_count_large + 3;

/// A slot of a capability table as programs know it: without its place in the derivation tree.
struct SlotView : exo::Capability {
    exo::Handle name = exo::Handle::null;
    std::uint32_t generation() const { return lamina::handle_generation(name); }
};

/// All objects, found by their frames: nothing the kernel keeps in lists is believed.
class KernelView {
public:
    explicit KernelView(exo::Account& root) : root_(&root) {}

    /// Looks for objects again. Needs: no CPU is in the middle of making one.
    void refresh();

    std::span<exo::Env* const> envs() const { return envs_; }
    std::span<exo::Account* const> accounts() const { return accounts_; }  ///< The root's first.
    std::span<exo::Gate* const> gates() const { return gates_; }
    std::span<exo::Notification* const> notifications() const { return notifications_; }
    std::span<exo::Vcpu* const> vcpus() const { return vcpus_; }
    /// Those that are objects; vCPUs have one each beside.
    std::span<exo::Slice* const> slices() const { return slices_; }
    /// Frames in state object that hold none of these: a mistake.
    std::span<const exo::FrameNumber> unknown_objects() const { return unknown_; }

    exo::Account& root_account() const { return *root_; }
    exo::Env* find_env(std::uint64_t id) const;

    /// A number for a living object. What is none is a violation.
    std::size_t place_of(const exo::Object& object) const;

    /// All slots of a table, from 0 on; unused ones are empty.
    static std::vector<SlotView> slots(const exo::Env& env);
    /// Whether the environment has an address space.
    static bool has_space(const exo::Env& env) { return env.space.root().value != 0; }

    static const exo::FrameInfo& info(std::uint32_t frame) { return exo::frames.info({frame}); }
    static bool is_used(std::uint32_t frame);
    static bool is_run(std::uint32_t frame);
    /// First frame of the run that a frame is in. Needs: is_run().
    static std::uint32_t head_of(std::uint32_t frame);
    /// The frame table's number of an object, if it is a run; else frame_count.
    static std::uint32_t run_with(const exo::Object* object);
    static const exo::PageTablePage& table(exo::FrameNumber frame) {
        return *static_cast<const exo::PageTablePage*>(exo::FrameTable::contents(frame));
    }

private:
    exo::Account* root_;
    std::vector<exo::Env*> envs_;
    std::vector<exo::Account*> accounts_;
    std::vector<exo::Notification*> notifications_;
    std::vector<exo::Gate*> gates_;
    std::vector<exo::Vcpu*> vcpus_;
    std::vector<exo::Slice*> slices_;
    std::vector<exo::FrameNumber> unknown_;
};

/// A table of a page-table tree: its frame, its level, and the first address below it.
struct TableView {
    exo::FrameNumber frame;
    unsigned level;
    std::uint64_t base;
};

/// The tables of the user half, the root first. Entries that point out of memory, or to what is no
/// table, are left for the checks to find.
void collect_tables(exo::PhysAddr root, std::vector<TableView>& found);

}  // namespace sim
