// exokernel/memory/address_space.cpp - mapping, unmapping and taking down user page tables.
#include "exokernel/memory/address_space.hpp"

#include <cstring>

#include "arch/machine.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo {
namespace {

PageTablePage& table_at(PhysAddr address) {
    return *static_cast<PageTablePage*>(arch::direct_map(address));
}

std::uint64_t leaf_bits(Protection protection) {
    std::uint64_t bits = PageEntry::present | PageEntry::user;
    if (has(protection, Protection::write)) bits |= PageEntry::writable;
    if (!has(protection, Protection::execute)) bits |= PageEntry::no_execute;
    return bits;
}

}  // namespace

Result<void> AddressSpace::create(Account& account, PhysAddr kernel_root) {
    LAMINA_TRY(const FrameNumber frame, frames.alloc(FrameState::table, &account));
    root_ = address_of(frame);
    account_ = &account;
    clear_from_ = 0;
    constexpr unsigned half = page_table_entries / 2;
    std::memcpy(&table_at(root_).entry[half], &table_at(kernel_root).entry[half],
                half * sizeof(PageEntry));
    return {};
}

PageEntry* AddressSpace::find_leaf(std::uint64_t address) const {
    PhysAddr table = root_;
    for (unsigned level = page_table_levels; level > 1; --level) {
        const PageEntry entry = table_at(table).entry[entry_index(address, level)];
        if (!entry.is_present()) return nullptr;
        table = entry.target();
    }
    return &table_at(table).entry[entry_index(address, 1)];
}

/// The leaf entry of an address, with the tables on the way to it made where they are missing.
Result<PageEntry*> AddressSpace::make_leaf(std::uint64_t address) {
    PhysAddr table = root_;
    for (unsigned level = page_table_levels; level > 1; --level) {
        PageEntry& entry = table_at(table).entry[entry_index(address, level)];
        if (!entry.is_present()) {
            LAMINA_TRY(const FrameNumber made, frames.alloc(FrameState::table, account_));
            entry.bits =
                address_of(made).value | PageEntry::present | PageEntry::writable | PageEntry::user;
        }
        table = entry.target();
    }
    return &table_at(table).entry[entry_index(address, 1)];
}

Result<void> AddressSpace::map(std::uint64_t address, FrameNumber first, std::uint32_t count,
                               Protection protection) {
    for (std::uint32_t i = 0; i < count; ++i) {
        const PageEntry* leaf = find_leaf(address + i * page_size);
        if (leaf != nullptr && leaf->is_present()) return lamina::fail(Status::already_mapped);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto leaf = make_leaf(address + i * page_size);
        if (!leaf) {
            unmap_checked(address, i);
            prune(address);
            prune(address + i * page_size);
            return lamina::fail(leaf.error());
        }
        frames.acquire(first + i);
        (*leaf)->bits = address_of(first + i).value | leaf_bits(protection);
    }
    return {};
}

/// Frees the tables on the way to an address that have become empty, lowest first. The processor
/// may have cached the entry that pointed to one (Intel SDM vol. 3A, 4.10.3), so it is invalidated
/// before the frame can be used again.
void AddressSpace::prune(std::uint64_t address) {
    PageEntry* way[page_table_levels + 1] = {};  // way[level]: the entry that points to a table
    PhysAddr table = root_;
    for (unsigned level = page_table_levels; level > 1; --level) {
        PageEntry& entry = table_at(table).entry[entry_index(address, level)];
        if (!entry.is_present()) break;
        way[level - 1] = &entry;
        table = entry.target();
    }
    for (unsigned level = 1; level < page_table_levels; ++level) {
        if (way[level] == nullptr) continue;
        for (const PageEntry& entry : table_at(way[level]->target()).entry)
            if (entry.bits != 0) return;
        const FrameNumber table_frame = frame_of(way[level]->target());
        way[level]->bits = 0;
        if (arch::loaded_page_table() == root_) arch::invalidate_page(address);
        frames.free(table_frame);
    }
}

Result<void> AddressSpace::unmap(std::uint64_t address, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
        const PageEntry* leaf = find_leaf(address + i * page_size);
        if (leaf == nullptr || !leaf->is_present()) return lamina::fail(Status::not_mapped);
    }
    unmap_checked(address, count);
    return {};
}

void AddressSpace::unmap_checked(std::uint64_t address, std::uint32_t count) {
    const bool loaded = arch::loaded_page_table() == root_;
    for (std::uint32_t i = 0; i < count; ++i) {
        PageEntry& leaf = *find_leaf(address + i * page_size);
        const FrameNumber frame = frame_of(leaf.target());
        leaf.bits = 0;
        if (loaded) arch::invalidate_page(address + i * page_size);
        frames.release(frame);
    }
}

std::byte* AddressSpace::find(std::uint64_t address, bool write) const {
    if (!lamina::in_user_half(address, 1)) return nullptr;
    const PageEntry* leaf = find_leaf(address);
    if (leaf == nullptr || !leaf->is_present()) return nullptr;
    if (write && (leaf->bits & PageEntry::writable) == 0) return nullptr;
    return static_cast<std::byte*>(arch::direct_map(leaf->target())) + address % page_size;
}

bool AddressSpace::clear_below(PhysAddr table, unsigned level, std::uint64_t base,
                               std::uint32_t& budget) {
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
        const FrameNumber frame = frame_of(entry.target());
        if (level == 1) {
            frames.release(frame);
        } else {
            if (!clear_below(entry.target(), level - 1, here, budget)) return false;
            frames.free(frame);
        }
        entry.bits = 0;
    }
    return true;
}

bool AddressSpace::clear_some(std::uint32_t budget) {
    LAMINA_ASSERT(arch::loaded_page_table() != root_);
    return clear_below(root_, page_table_levels, 0, budget);
}

void AddressSpace::destroy() {
    frames.free(frame_of(root_));
    root_ = {};
}

}  // namespace exo
