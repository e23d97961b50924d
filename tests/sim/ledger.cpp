// tests/sim/ledger.cpp - owners and charges, counted from scratch.
#include "tests/sim/ledger.hpp"
#include "exokernel/cpu/dispatch.hpp"

#include <array>
#include <string>

#include "tests/sim/violation.hpp"

namespace sim {
namespace {

using exo::FrameState;

std::string frame_name(std::uint32_t frame) { return "frame " + std::to_string(frame); }

/// How often each frame is used: as a table, by an entry or as a root; for links, by a half of a
/// table of pages; for capabilities, by a table of them.
using TableUses = std::vector<std::uint32_t>;

void count_links_of(const exo::Env& env, const TableView& table, TableUses& uses) {
    const exo::FrameInfo& leaf = KernelView::info(table.frame.value);
    for (unsigned half = 0; half < 2; ++half) {
        const std::uint32_t frame = leaf.links[half];
        if (frame == 0) continue;
        const exo::FrameInfo& info = KernelView::info(frame % frame_count);
        // In MiB, as half a table of level 1 maps one.
        const std::uint64_t start = (table.base >> 20) + half * exo::entry_frames(table.level);
        if (frame >= frame_count || info.state != FrameState::mappings ||
            info.owner != &env.space || info.links[0] != table.frame.value ||
            info.links[1] != start || info.order != table.level)
            violated("A frame of links belongs to half a table of pages.", frame_name(frame));
        ++uses[frame];
    }
}

void count_tables_of(const exo::Env& env, TableUses& uses) {
    static std::vector<TableView> tables;
    tables.clear();
    collect_tables(env.space.root(), tables);
    for (const TableView& table : tables) {
        ++uses[table.frame.value];
        const exo::FrameInfo& info = KernelView::info(table.frame.value);
        if (info.state != FrameState::table || info.account != env.account)
            violated("A page table is charged to the account of its environment.",
                     frame_name(table.frame.value));
        if (table.level <= exo::leaf_level_max) count_links_of(env, table, uses);
    }
}

void count_capability_pages(const KernelView& view, TableUses& uses) {
    std::vector<std::uint32_t> found(view.envs().size());
    for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
        const exo::FrameInfo& info = KernelView::info(frame);
        if (info.state != FrameState::capabilities) continue;
        for (std::size_t i = 0; i < found.size(); ++i) {
            if (info.owner != &view.envs()[i]->caps) continue;
            ++uses[frame];
            ++found[i];
        }
    }
    for (std::size_t i = 0; i < found.size(); ++i)
        if (const std::uint32_t pages = view.envs()[i]->caps.page_count(); found[i] != pages)
            violated("A capability table has the pages that say so.",
                     std::to_string(found[i]) + " pages, not " + std::to_string(pages));
}

void check_tables(const KernelView& view) {
    TableUses uses(frame_count);
    for (const exo::Env* env : view.envs())
        if (KernelView::has_space(*env)) count_tables_of(*env, uses);
    count_capability_pages(view, uses);
    ++uses[exo::frame_of(exo::kernel_root()).value];
    for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
        const FrameState state = KernelView::info(frame).state;
        const bool part = state == FrameState::table || state == FrameState::mappings ||
                          state == FrameState::capabilities;
        if ((part ? 1 : 0) != uses[frame])
            violated("A frame of a table is used in one place of one table.",
                     frame_name(frame) + " is used " + std::to_string(uses[frame]) + " times");
    }
}

/// Checks a run's shape; returns its length.
std::uint32_t check_run(std::uint32_t head) {
    const std::uint32_t count = KernelView::info(head).extent;
    if (count == 0 || count > frame_count - head)
        violated("A run is a head and its tails.", frame_name(head));
    for (std::uint32_t i = 1; i < count; ++i) {
        const exo::FrameInfo& tail = KernelView::info(head + i);
        if (tail.state != FrameState::run_tail || tail.extent != i)
            violated("A run is a head and its tails.", frame_name(head + i));
    }
    return count;
}

struct Sums {
    exo::FrameCounts counts;
    std::array<std::uint64_t, object_places> charged = {};
};

Sums add_up(const KernelView& view) {
    Sums sums;
    std::uint32_t tails_due = 0;
    for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
        const exo::FrameInfo& info = KernelView::info(frame);
        std::uint32_t charge = 0;
        ++sums.counts.total;
        switch (info.state) {
            case FrameState::reserved: --sums.counts.total; break;
            case FrameState::free:
            case FrameState::free_head: ++sums.counts.free; break;
            case FrameState::object:
            case FrameState::capabilities: charge = 1, ++sums.counts.objects; break;
            case FrameState::table:
            case FrameState::mappings: charge = 1, ++sums.counts.tables; break;
            case FrameState::run_head:
                charge = check_run(frame);
                tails_due = charge - 1;
                ++sums.counts.user;
                break;
            case FrameState::run_tail:
                if (tails_due-- == 0) violated("A run is a head and its tails.", frame_name(frame));
                ++sums.counts.user;
                break;
        }
        if (charge != 0 && info.account != nullptr)
            sums.charged[view.place_of(*info.account)] += charge;
    }
    for (const exo::Account* account : view.accounts())
        if (account->parent != nullptr)
            sums.charged[view.place_of(*account->parent)] += account->limit_frames();
    return sums;
}

/// A slice is its vCPU's, at its place on that one's CPU, and no other slice is there.
void check_slice(const exo::Slice& slice) {
    const exo::Slice* at = slice.vcpu != nullptr ? &slice.vcpu->slice : &slice;
    while (at != nullptr && at != &slice)
        at = at->next;
    if (at == nullptr || (slice.vcpu != nullptr && slice.vcpu->home != slice.home) ||
        slice.vector != &slice.home->slices ||
        (slice.vcpu == nullptr && slice.vector->wanted(slice)))
        violated("A slice belongs to its vCPU and to that one's CPU, or to nobody.",
                 "position " + std::to_string(slice.position));
}

/// Counts the slices that each account and those below it pay for.
void check_slices(const KernelView& view) {
    std::array<std::uint64_t, object_places> counted = {};
    const auto count = [&](const exo::Slice& slice) {
        if (slice.vector == nullptr) return;
        check_slice(slice);
        for (const exo::Account* at = slice.payer; at != nullptr; at = at->parent)
            ++counted[view.place_of(*at)];
    };
    for (const exo::Vcpu* vcpu : view.vcpus())
        count(vcpu->slice);
    for (const exo::Slice* slice : view.slices())
        count(*slice);
    for (const exo::Account* account : view.accounts())
        if (const auto seen = counted[view.place_of(*account)]; account->slices_used != seen)
            violated("An account is charged with each of its slices once.",
                     "charged " + std::to_string(account->slices_used) + ", counted " +
                         std::to_string(seen));
}

}  // namespace

void check_ledger(const KernelView& view) {
    if (!view.unknown_objects().empty())
        violated("A frame of the kernel holds an object.",
                 frame_name(view.unknown_objects().front().value));
    const Sums sums = add_up(view);
    const exo::FrameCounts& told = exo::frames.counts();
    const exo::FrameCounts& seen = sums.counts;
    if (told.total != seen.total || told.free != seen.free || told.objects != seen.objects ||
        told.tables != seen.tables || told.user != seen.user)
        violated("Every frame has one owner, or is free.",
                 "free " + std::to_string(told.free) + ", counted " + std::to_string(seen.free));
    if (!exo::frames.consistent())
        violated("Every frame has one owner, or is free.", "the free lists do not hold them");
    for (const exo::Account* account : view.accounts()) {
        const std::uint64_t charged = sums.charged[view.place_of(*account)];
        if (account->used_frames() != charged || charged > account->limit_frames())
            violated("An account is charged with what it pays for, within its limit.",
                     "used " + std::to_string(account->used_frames()) + ", counted " +
                         std::to_string(charged) + ", limit " +
                         std::to_string(account->limit_frames()));
    }
    check_tables(view);
    check_slices(view);
}

}  // namespace sim
