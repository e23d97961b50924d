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

bool is_used(std::uint32_t frame) {
    const exo::FrameState state = exo::frames.info({frame}).state;
    return state != exo::FrameState::free && state != exo::FrameState::free_head;
}

}  // namespace

void Incarnations::update() {
    for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
        const bool used = is_used(frame);
        if (used_[frame] == used) continue;
        look_at(frame);
        used_[frame] = used;
    }
}

void Incarnations::look_at(std::uint32_t frame) {
    if (used_[frame] || !is_used(frame)) return;
    ++counts_[frame];
    ++blocks_[frame / frames_per_block];
    used_[frame] = true;
}

std::uint32_t Incarnations::of(const Translation& entry) const {
    const std::uint32_t frame = entry.frame().value;
    if (frame >= frame_count) return 0;
    return entry.frames() == 1 ? counts_[frame] : blocks_[frame / frames_per_block];
}

std::uint32_t Incarnations::now(const Translation& entry) {
    const std::uint32_t first = entry.frame().value;
    for (std::uint32_t i = 0; i < entry.frames() && first + i < frame_count; ++i)
        look_at(first + i);
    return of(entry);
}

std::uint64_t Tlb::walk(exo::PhysAddr root, std::uint64_t address, unsigned level) {
    std::uint64_t bits = root.value | PageEntry::present;
    std::uint64_t forbids = 0;
    std::uint64_t allows = PageEntry::writable | PageEntry::user;
    for (unsigned at = exo::page_table_levels; at >= level; --at) {
        bits = entry_of(bits & PageEntry::address_mask, address, at);
        if ((bits & PageEntry::present) == 0) return 0;
        if (at != level && PageEntry{bits}.is_leaf(at)) return 0;
        allows &= bits;
        forbids |= bits & PageEntry::no_execute;
    }
    return (bits & ~(PageEntry::writable | PageEntry::user)) | allows | forbids;
}

const Translation* Tlb::find(const std::vector<Translation>& in, std::uint64_t address) const {
    for (const Translation& entry : in)
        if (entry.tag == tag_ && entry.covers(address)) return &entry;
    return nullptr;
}

std::uint64_t Tlb::upper_entry(exo::PhysAddr root, std::uint64_t address) {
    const Translation* known = find(tables_, address);
    return known != nullptr ? known->bits : walk(root, address, 2);
}

const Translation* Tlb::translate(exo::PhysAddr root, std::uint64_t address) {
    if (const Translation* known = find(pages_, address)) return known;
    const std::uint64_t upper = upper_entry(root, address);
    if (upper == 0) return nullptr;
    if (PageEntry{upper}.is_leaf(2)) return add(pages_, pages_max, address, 2, upper);
    if (find(tables_, address) == nullptr) (void)add(tables_, tables_max, address, 2, upper);
    std::uint64_t bits = entry_of(upper & PageEntry::address_mask, address, 1);
    if ((bits & PageEntry::present) == 0) return nullptr;
    bits &= upper | ~(PageEntry::writable | PageEntry::user);
    bits |= upper & PageEntry::no_execute;
    return add(pages_, pages_max, address, 1, bits);
}

const Translation* Tlb::add(std::vector<Translation>& to, std::size_t most, std::uint64_t address,
                            unsigned level, std::uint64_t bits) {
    if (to.size() == most * (tag_ != 0 ? tags_room : 1)) to.erase(to.begin());
    Translation& entry = to.emplace_back();
    entry.address = address & ~(exo::entry_span(level) - 1);
    entry.level = level;
    entry.bits = bits;
    entry.tag = tag_;
    entry.incarnation = incarnations_->now(entry);
    return &entry;
}

void Tlb::invalidate(std::uint64_t address) {
    std::erase_if(pages_, [&](const Translation& entry) {
        return entry.tag == tag_ && entry.covers(address);
    });
    std::erase_if(tables_, [&](const Translation& entry) { return entry.tag == tag_; });
}

void Tlb::load(std::uint32_t tag, bool keep) {
    tag_ = tag;
    if (!keep) flush();
}

std::vector<Translation*> Tlb::usable() {
    std::vector<Translation*> found;
    for (auto* const list : {&pages_, &tables_})
        for (Translation& entry : *list)
            if (entry.tag == tag_) found.push_back(&entry);
    return found;
}

void Tlb::flush() {
    const auto mine = [&](const Translation& entry) { return entry.tag == tag_; };
    std::erase_if(pages_, mine);
    std::erase_if(tables_, mine);
}

}  // namespace sim
