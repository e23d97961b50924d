// tests/sim/mapping_history.cpp - no environment reaches a frame it holds no right to.
#include "tests/sim/mapping_history.hpp"

#include <cstring>
#include <string>

#include "tests/sim/call_shapes.hpp"
#include "tests/sim/violation.hpp"

namespace sim {
namespace {

using exo::PageEntry;
using exo::Rights;

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

}  // namespace

std::string MappingHistory::name_of(const Page& page) {
    return "environment " + std::to_string(page.env->id) + ", page " +
           std::to_string(page.address >> 12) + ", level " + std::to_string(page.level) +
           ", frame " + std::to_string(exo::frame_of(page.entry.target()).value) + ", entry " +
           std::to_string(page.entry.bits);
}

/// What holds for every mapped page at any time.
void MappingHistory::check_form(const Page& page) {
    const PageEntry entry = page.entry;
    if (!lamina::in_user_half(page.address, exo::entry_span(page.level)))
        violated("Only pages of the user half are mapped.", name_of(page));
    const std::uint32_t first = exo::frame_of(entry.target()).value;
    const std::uint32_t last = first + exo::entry_frames(page.level) - 1;
    if (last >= frame_count || !KernelView::is_run(first) || !KernelView::is_run(last) ||
        KernelView::head_of(first) != KernelView::head_of(last))
        violated("A mapped page is of a run.", name_of(page));
    if (first % exo::entry_frames(page.level) != 0)
        violated("A page is as aligned as it is large.", name_of(page));
    if (writable(entry) && executable(entry))
        violated("No page is writable and executable.", name_of(page));
    if ((writable(entry) && !may_write(entry)) || (executable(entry) && !may_execute(entry)))
        violated("A page may be used only as its mapping allows.", name_of(page));
}

/// What holds for a page that a call has just mapped or protected, software bits included.
void MappingHistory::check_use(const Page& page, const CallInProgress& call) {
    std::uint64_t asked = 0;
    if (call.caller != 0 && call.number < lamina::call_count) {
        const CallShape& shape = call_shapes()[call.number];
        for (unsigned i = 0; i < shape.argument_count; ++i)
            if (shape.arguments[i].kind == "protection") asked = call.arguments[i];
    }
    std::uint64_t bits = PageEntry::present | PageEntry::user;
    if ((asked & std::uint64_t(lamina::Protection::write)) != 0) bits |= PageEntry::writable;
    if ((asked & std::uint64_t(lamina::Protection::execute)) == 0) bits |= PageEntry::no_execute;
    for (unsigned bit = 0; bit < 3; ++bit)  // Protection has them from bit 8 on, entries from 9
        if ((asked >> (8 + bit) & 1) != 0) bits |= 1ULL << (9 + bit);
    constexpr std::uint64_t all = PageEntry::present | PageEntry::user | PageEntry::writable |
                                  PageEntry::no_execute | PageEntry::software;
    if (asked == 0 || (page.entry.bits & all) != bits)
        violated("A page may be used as the call that changed it says, and has its software bits.",
                 name_of(page) + ", asked for " + std::to_string(asked));
}

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
            if (table.level <= exo::leaf_level_max)
                leaves_[table.frame.value] = {env->id, table.base, table.level,
                                              KernelView::table(table.frame)};
    }
}

bool MappingHistory::check(const CallInProgress& call) {
    if (!tables_changed()) return false;
    std::vector<bool> seen(frame_count);
    for (const exo::Env* env : view_->envs()) {
        if (!KernelView::has_space(*env)) continue;
        tables_.clear();
        collect_tables(env->space.root(), tables_);
        for (const TableView& table : tables_) {
            if (table.level > exo::leaf_level_max) continue;
            seen[table.frame.value] = true;
            check_leaf(*env, table, call);
        }
    }
    for (std::uint32_t frame = 0; frame < frame_count; ++frame)
        if (!seen[frame]) leaves_[frame].env_id = 0;
    return true;
}

void MappingHistory::check_leaf(const exo::Env& env, const TableView& table,
                                const CallInProgress& call) {
    Leaf& known = leaves_[table.frame.value];
    if (known.env_id != env.id || known.base != table.base || known.level != table.level)
        known = {env.id, table.base, table.level, {}};
    const exo::PageTablePage& page = KernelView::table(table.frame);
    if (std::memcmp(&page, &known.page, sizeof page) == 0) return;
    for (unsigned i = 0; i < exo::page_table_entries; ++i) {
        const PageEntry now = page.entry[i];
        if (!now.is_leaf(table.level) || now.bits == known.page.entry[i].bits) continue;
        const Page mapped{&env, table.base + i * exo::entry_span(table.level), table.level, now};
        check_form(mapped);
        check_use(mapped, call);
        check_entry(mapped, known.page.entry[i], call.caller);
    }
    known.page = page;
}

/// A page that is mapped now, or in another way than before.
void MappingHistory::check_entry(const Page& page, PageEntry was, std::uint64_t caller) const {
    const PageEntry now = page.entry;
    const bool same_frames = was.is_leaf(page.level) && was.target() == now.target();
    const bool no_more = same_frames && (!may_write(now) || may_write(was)) &&
                         (!may_execute(now) || may_execute(was));
    if (!capabilities_->managed(caller, page.env->id))
        violated("Only who manages an environment maps into it.",
                 name_of(page) + ", by " + std::to_string(caller));
    if (no_more) return;
    const std::uint32_t frame = exo::frame_of(now.target()).value;
    if (!capabilities_->held_frames(caller, frame, exo::entry_frames(page.level), rights_of(now)))
        violated("A page is mapped by who holds a capability for its frames with these rights.",
                 name_of(page) + ", by " + std::to_string(caller));
}

}  // namespace sim
