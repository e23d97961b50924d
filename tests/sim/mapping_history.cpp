// tests/sim/mapping_history.cpp - no environment reaches a frame it holds no right to.
#include "tests/sim/mapping_history.hpp"

#include <cstring>
#include <string>

#include "tests/sim/violation.hpp"

namespace sim {
namespace {

using exo::PageEntry;
using exo::Rights;

std::string place(const exo::Env& env, std::uint64_t address, PageEntry entry) {
    return "environment " + std::to_string(env.id) + ", page " + std::to_string(address >> 12) +
           ", frame " + std::to_string(exo::frame_of(entry.target()).value) + ", entry " +
           std::to_string(entry.bits);
}

bool may_write(PageEntry entry) { return (entry.bits & PageEntry::may_write) != 0; }
bool may_execute(PageEntry entry) { return (entry.bits & PageEntry::may_execute) != 0; }
bool writable(PageEntry entry) { return (entry.bits & PageEntry::writable) != 0; }
bool executable(PageEntry entry) { return (entry.bits & PageEntry::no_execute) == 0; }

/// The rights a capability must have had for this mapping.
Rights rights_of(PageEntry entry) {
    Rights rights = Rights::read;
    if (may_write(entry) || writable(entry)) rights = rights | Rights::write;
    if (may_execute(entry) || executable(entry)) rights = rights | Rights::execute;
    return rights;
}

/// What holds for every mapped page at any time.
void check_form(const exo::Env& env, std::uint64_t address, PageEntry entry) {
    if (!lamina::in_user_half(address, exo::page_size))
        violated("Only pages of the user half are mapped.", place(env, address, entry));
    const std::uint32_t frame = exo::frame_of(entry.target()).value;
    if (frame >= frame_count || !KernelView::is_run(frame))
        violated("A mapped page is of a run.", place(env, address, entry));
    if (writable(entry) && executable(entry))
        violated("No page is writable and executable.", place(env, address, entry));
    if ((writable(entry) && !may_write(entry)) || (executable(entry) && !may_execute(entry)))
        violated("A page may be used only as its mapping allows.", place(env, address, entry));
}

}  // namespace

MappingHistory::MappingHistory(const KernelView& view, const CapabilityHistory& capabilities)
    : view_(&view),
      capabilities_(&capabilities),
      leaves_(std::make_unique_for_overwrite<Leaf[]>(frame_count)),
      pages_(std::make_unique_for_overwrite<exo::PageTablePage[]>(frame_count)),
      was_table_(frame_count) {
    for (std::uint32_t frame = 0; frame < frame_count; ++frame)
        leaves_[frame].env_id = 0;
}

/// Also takes over the tables' contents.
bool MappingHistory::tables_changed() {
    bool changed = false;
    for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
        const bool is_table = KernelView::info(frame).state == exo::FrameState::table;
        const exo::PageTablePage& page = KernelView::table({frame});
        if (is_table == was_table_[frame] &&
            (!is_table || std::memcmp(&page, &pages_[frame], sizeof page) == 0))
            continue;
        changed = true;
        was_table_[frame] = is_table;
        if (is_table) pages_[frame] = page;
    }
    return changed;
}

void MappingHistory::adopt() {
    (void)tables_changed();
    for (const exo::Env* env : view_->envs()) {
        tables_.clear();
        collect_tables(env->space.root(), tables_);
        for (const TableView& table : tables_)
            if (table.level == 1)
                leaves_[table.frame.value] = {env->id, table.base, KernelView::table(table.frame)};
    }
}

bool MappingHistory::check(std::uint64_t caller) {
    if (!tables_changed()) return false;
    std::vector<bool> seen(frame_count);
    for (const exo::Env* env : view_->envs()) {
        if (!KernelView::has_space(*env)) continue;
        tables_.clear();
        collect_tables(env->space.root(), tables_);
        for (const TableView& table : tables_) {
            if (table.level != 1) continue;
            seen[table.frame.value] = true;
            check_leaf(*env, table, caller);
        }
    }
    for (std::uint32_t frame = 0; frame < frame_count; ++frame)
        if (!seen[frame]) leaves_[frame].env_id = 0;
    return true;
}

void MappingHistory::check_leaf(const exo::Env& env, const TableView& table, std::uint64_t caller) {
    Leaf& known = leaves_[table.frame.value];
    if (known.env_id != env.id || known.base != table.base) known = {env.id, table.base, {}};
    const exo::PageTablePage& page = KernelView::table(table.frame);
    if (std::memcmp(&page, &known.page, sizeof page) == 0) return;
    for (unsigned i = 0; i < exo::page_table_entries; ++i) {
        const PageEntry now = page.entry[i];
        if (!now.is_present() || now.bits == known.page.entry[i].bits) continue;
        const std::uint64_t address = table.base + i * exo::page_size;
        check_form(env, address, now);
        check_entry(env, address, now, known.page.entry[i], caller);
    }
    known.page = page;
}

/// A page that is mapped now, or in another way than before.
void MappingHistory::check_entry(const exo::Env& env, std::uint64_t address, PageEntry now,
                                 PageEntry was, std::uint64_t caller) const {
    const bool same_frame = was.is_present() && was.target() == now.target();
    const bool no_more = same_frame && (!may_write(now) || may_write(was)) &&
                         (!may_execute(now) || may_execute(was));
    if (!capabilities_->managed(caller, env.id))
        violated("Only who manages an environment maps into it.",
                 place(env, address, now) + ", by " + std::to_string(caller));
    if (no_more) return;
    const std::uint32_t frame = exo::frame_of(now.target()).value;
    if (!capabilities_->held_frames(caller, frame, 1, rights_of(now)))
        violated("A page is mapped by who holds a capability for its frame with these rights.",
                 place(env, address, now) + ", by " + std::to_string(caller));
}

}  // namespace sim
