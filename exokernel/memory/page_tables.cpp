// exokernel/memory/page_tables.cpp - walking, making and taking down the tables of a space.
#include "exokernel/memory/page_tables.hpp"

#include <algorithm>
#include <cstring>

#include "arch/machine.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/memory/address_space.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo {
namespace {

PageTablePage& table_at(PhysAddr address) {
    return *static_cast<PageTablePage*>(arch::direct_map(address));
}

/// Which of a table's two halves an address goes through, and which entry of it.
constexpr unsigned half_of(std::uint64_t address, unsigned level) {
    return entry_index(address, level) / links_per_frame;
}
constexpr unsigned index_in_half(std::uint64_t address, unsigned level) {
    return entry_index(address, level) % links_per_frame;
}
Link* links_at(std::uint32_t frame) { return static_cast<Link*>(FrameTable::contents({frame})); }

}  // namespace

bool PageTables::has_room(PageEntry entry, unsigned level) {
    if (!entry.is_present()) return true;
    return !entry.is_leaf(level) &&
           std::ranges::none_of(table_at(entry.target()).entry, &PageEntry::is_present);
}

Result<void> PageTables::create(Account& account, PhysAddr kernel_root) {
    LAMINA_TRY(const FrameNumber frame, frames.alloc(FrameState::table, &account));
    root_ = address_of(frame);
    account_ = &account;
    clear_from_ = 0;
    constexpr unsigned half = page_table_entries / 2;
    std::memcpy(&table_at(root_).entry[half], &table_at(kernel_root).entry[half],
                half * sizeof(PageEntry));
    return {};
}

void PageTables::destroy() {
    frames.free(frame_of(root_));
    root_ = {};
}

PageTables::Step PageTables::walk(std::uint64_t address, unsigned lowest) const {
    PhysAddr table = root_;
    for (unsigned level = page_table_levels;; --level) {
        PageEntry& entry = table_at(table).entry[entry_index(address, level)];
        if (level == lowest || !entry.is_present() || entry.is_leaf(level)) return {&entry, level};
        table = entry.target();
    }
}

Leaves PageTables::leaves_at(std::uint64_t address, unsigned level) const {
    const Step step = walk(address, level);
    if (step.level != level) return {};
    const FrameInfo& table = frames.info(FrameTable::frame_at(step.entry));
    const std::uint32_t links = table.links[half_of(address, level)];
    if (links == 0) return {};
    const unsigned index = index_in_half(address, level);
    // Not the first and the last MiB of the user half: not all of their pages may be mapped, and
    // who finds a place by known() does not ask.
    if (level == 1 && lamina::in_user_half(address / mib * mib, mib))
        known_[address / mib % known_count] = {address / mib * mib,
                                               {step.entry - index, links_at(links)}};
    return {step.entry, links_at(links) + index};
}

Result<void> PageTables::check_make(std::uint64_t address, std::uint64_t bytes,
                                    unsigned level) const {
    std::uint32_t count = 0;
    const std::uint64_t end = address + bytes;
    for (unsigned above = page_table_levels; above > level; --above) {
        const std::uint64_t span = entry_span(above);
        for (std::uint64_t here = address / span * span; here < end; here += span) {
            const Step step = walk(here, above);
            count += step.level != above || !step.entry->is_present();
        }
    }
    const std::uint64_t half = links_per_frame * entry_span(level);
    for (std::uint64_t here = address / half * half; here < end; here += half)
        count += leaves_at(here, level).link == nullptr;
    return frames.check(count, *account_);
}

void PageTables::make_links(FrameNumber table, std::uint64_t address, unsigned level) {
    const FrameNumber made = frames.get(FrameState::mappings, *account_);
    FrameInfo& info = frames.info(made);
    info.owner = static_cast<AddressSpace*>(this);
    info.order = std::uint8_t(level);
    info.links[0] = table.value;
    info.links[1] = std::uint32_t(address / (links_per_frame * entry_span(level)) *
                                  (entry_span(level) / page_size));
    frames.info(table).links[half_of(address, level)] = made.value;
}

Leaves PageTables::make_leaves(std::uint64_t address, unsigned level) {
    Step step = walk(address, level);
    for (; step.level != level; step = walk(address, level))
        step.entry->bits = address_of(frames.get(FrameState::table, *account_)).value |
                           PageEntry::present | PageEntry::writable | PageEntry::user;
    const FrameNumber table = FrameTable::frame_at(step.entry);
    if (frames.info(table).links[half_of(address, level)] == 0) make_links(table, address, level);
    return leaves_at(address, level);
}

PageTables::Mapping PageTables::mapping_of(const Link& link) {
    const FrameInfo& info = frames.info(FrameTable::frame_at(&link));
    LAMINA_ASSERT(info.state == FrameState::mappings);
    const auto page = reinterpret_cast<std::uintptr_t>(&link) % page_size / sizeof link;
    const std::uint64_t address = info.links[1] * mib + page * entry_span(info.order);
    const PageEntry entry =
        table_at(address_of({info.links[0]})).entry[entry_index(address, info.order)];
    return {static_cast<AddressSpace*>(info.owner), address, frame_of(entry.target()),
            entry_frames(info.order), entry.has(PageEntry::lent)};
}

/// Frees a table of level 1 to 3 with its links, if it has any.
void PageTables::free_table(FrameNumber table) {
    for (std::uint32_t& links : frames.info(table).links)
        if (links != 0) frames.free({links});
    frames.free(table);
}

void PageTables::free_empty(PageEntry& entry) {
    free_table(frame_of(entry.target()));
    entry.bits = 0;
    std::ranges::fill(known_, Known{});
}

bool PageTables::clear_below(PhysAddr table, unsigned level, std::uint64_t base,
                             std::uint32_t& budget, void (*clear)(PageEntry&, Link&)) {
    const unsigned last = level == page_table_levels ? page_table_entries / 2 : page_table_entries;
    unsigned index = clear_from_ > base ? entry_index(clear_from_, level) : 0;
    for (; index < last; ++index) {
        const std::uint64_t here = base + index * entry_span(level);
        if (budget == 0) {
            if (here > clear_from_) clear_from_ = here;
            return false;
        }
        --budget;
        PageEntry& entry = table_at(table).entry[index];
        if (!entry.is_present()) continue;
        if (entry.is_leaf(level)) {
            const std::uint32_t links = frames.info(frame_of(table)).links[half_of(here, level)];
            clear(entry, links_at(links)[index_in_half(here, level)]);
        } else {
            if (!clear_below(entry.target(), level - 1, here, budget, clear)) return false;
            free_table(frame_of(entry.target()));
            entry.bits = 0;
        }
    }
    return true;
}

bool PageTables::clear_pages(std::uint32_t budget, void (*clear)(PageEntry&, Link&)) {
    LAMINA_ASSERT(arch::loaded_page_table() != root_);
    return clear_below(root_, page_table_levels, 0, budget, clear);
}

}  // namespace exo
