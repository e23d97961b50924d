// tests/sim/tlb.cpp - walking page tables and remembering what was found.
#include "tests/sim/tlb.hpp"

#include <algorithm>

#include "arch/machine.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace sim {
namespace {

using exo::PageEntry;

/// An entry of a table; 0 if the table is out of memory, which the checks will find.
std::uint64_t entry_of(std::uint64_t table, std::uint64_t address, unsigned level) {
    if (table >= frame_count * exo::page_size) return 0;
    const auto* page =
        static_cast<const exo::PageTablePage*>(exo::arch::direct_map(exo::PhysAddr{table}));
    return page->entry[exo::entry_index(address, level)].bits;
}

const Translation* find(const std::vector<Translation>& in, std::uint64_t number) {
    for (const Translation& entry : in)
        if (entry.number == number) return &entry;
    return nullptr;
}

bool is_used(std::uint32_t frame) {
    const exo::FrameState state = exo::frames.info({frame}).state;
    return state != exo::FrameState::free && state != exo::FrameState::free_head;
}

}  // namespace

void Incarnations::update() {
    for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
        (void)now(frame);
        used_[frame] = is_used(frame);
    }
}

std::uint32_t Incarnations::now(std::uint32_t frame) {
    if (frame >= frame_count) return 0;
    if (!used_[frame] && is_used(frame)) {
        ++counts_[frame];
        used_[frame] = true;
    }
    return counts_[frame];
}

std::uint64_t Tlb::walk(exo::PhysAddr root, std::uint64_t address, unsigned level) {
    std::uint64_t bits = root.value | PageEntry::present;
    std::uint64_t forbids = 0;
    std::uint64_t allows = PageEntry::writable | PageEntry::user;
    for (unsigned at = exo::page_table_levels; at >= level; --at) {
        bits = entry_of(bits & PageEntry::address_mask, address, at);
        if ((bits & PageEntry::present) == 0) return 0;
        allows &= bits;
        forbids |= bits & PageEntry::no_execute;
    }
    return (bits & ~(PageEntry::writable | PageEntry::user)) | allows | forbids;
}

std::uint64_t Tlb::lowest_table(exo::PhysAddr root, std::uint64_t address) {
    const std::uint64_t number = address / exo::entry_span(2);
    if (const Translation* known = find(tables_, number)) return known->bits;
    const std::uint64_t bits = walk(root, address, 2);
    if (bits != 0) add(tables_, tables_max, made(number, bits));
    return bits;
}

const Translation* Tlb::translate(exo::PhysAddr root, std::uint64_t address) {
    const std::uint64_t number = address / exo::page_size;
    if (const Translation* known = find(pages_, number)) return known;
    const std::uint64_t table = lowest_table(root, address);
    if (table == 0) return nullptr;
    std::uint64_t bits = entry_of(table & PageEntry::address_mask, address, 1);
    if ((bits & PageEntry::present) == 0) return nullptr;
    bits &= table | ~(PageEntry::writable | PageEntry::user);
    bits |= table & PageEntry::no_execute;
    add(pages_, pages_max, made(number, bits));
    return &pages_.back();
}

Translation Tlb::made(std::uint64_t number, std::uint64_t bits) {
    Translation entry{number, bits, 0, {}};
    entry.incarnation = incarnations_->now(entry.frame().value);
    return entry;
}

void Tlb::add(std::vector<Translation>& to, std::size_t most, const Translation& entry) {
    if (to.size() == most) to.erase(to.begin());
    to.push_back(entry);
}

void Tlb::invalidate(std::uint64_t address) {
    std::erase_if(
        pages_, [&](const Translation& entry) { return entry.number == address / exo::page_size; });
    tables_.clear();
}

void Tlb::flush() {
    pages_.clear();
    tables_.clear();
}

}  // namespace sim
