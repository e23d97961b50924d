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

/// Pages of a range whose leaf entries lie in one table, one after the other.
struct Part {
    std::uint64_t address;
    std::uint32_t count;
};

/// The parts of a range, for `for`.
class Parts {
public:
    Parts(std::uint64_t address, std::uint32_t count) : left_(count) { take(address); }

    const Part& operator*() const { return part_; }
    void operator++() { take(part_.address + part_.count * page_size); }
    bool operator!=(std::nullptr_t) const { return part_.count != 0; }

    const Parts& begin() const { return *this; }
    std::nullptr_t end() const { return nullptr; }

private:
    void take(std::uint64_t address) {
        const std::uint32_t in_table = page_table_entries - entry_index(address, 1);
        part_ = {address, left_ < in_table ? left_ : in_table};
        left_ -= part_.count;
    }

    Part part_;
    std::uint32_t left_;
};

Parts parts(std::uint64_t address, std::uint32_t count) { return {address, count}; }

std::uint64_t leaf_bits(Protection protection) {
    std::uint64_t bits = PageEntry::present | PageEntry::user;
    if (has(protection, Protection::write)) bits |= PageEntry::writable;
    if (!has(protection, Protection::execute)) bits |= PageEntry::no_execute;
    return bits;
}

std::uint64_t allowed_bits(Protection allowed) {
    return (has(allowed, Protection::write) ? PageEntry::may_write : 0) |
           (has(allowed, Protection::execute) ? PageEntry::may_execute : 0);
}

bool any_present(const PageEntry* leaf, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i)
        if (leaf[i].is_present()) return true;
    return false;
}

/// Points leaf entries to frames of a run, with a reference for each.
void fill(PageEntry* leaf, FrameNumber first, std::uint32_t count, std::uint64_t bits) {
    frames.acquire(first, count);
    for (std::uint32_t i = 0; i < count; ++i)
        leaf[i].bits = address_of(first + i).value | bits;
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
                               Protection protection, Protection allowed) {
    const std::uint64_t bits = leaf_bits(protection) | allowed_bits(allowed);
    PageEntry* leaf = find_leaf(address);
    if (leaf == nullptr || entry_index(address, 1) + count > page_table_entries)
        return map_parts(address, first, count, bits);
    // The usual case: all in one table, which is there.
    if (any_present(leaf, count)) return lamina::fail(Status::already_mapped);
    fill(leaf, first, count, bits);
    return {};
}

Result<void> AddressSpace::map_parts(std::uint64_t address, FrameNumber first, std::uint32_t count,
                                     std::uint64_t bits) {
    for (const Part& part : parts(address, count)) {
        const PageEntry* leaf = find_leaf(part.address);
        if (leaf != nullptr && any_present(leaf, part.count))
            return lamina::fail(Status::already_mapped);
    }
    std::uint32_t done = 0;
    for (const Part& part : parts(address, count)) {
        const auto leaf = make_leaf(part.address);
        if (!leaf) {
            unmap_checked(address, done);
            prune(address);
            prune(part.address);
            return lamina::fail(leaf.error());
        }
        fill(*leaf, first + done, part.count, bits);
        done += part.count;
    }
    return {};
}

Result<void> AddressSpace::protect(std::uint64_t address, std::uint32_t count,
                                   Protection protection) {
    const std::uint64_t needed = allowed_bits(protection);
    for (const Part& part : parts(address, count)) {
        if (!all_present(part.address, part.count)) return lamina::fail(Status::not_mapped);
        const PageEntry* leaf = find_leaf(part.address);
        for (std::uint32_t i = 0; i < part.count; ++i)
            if ((leaf[i].bits & needed) != needed) return lamina::fail(Status::missing_right);
    }
    const bool loaded = arch::loaded_page_table() == root_;
    for (const Part& part : parts(address, count)) {
        PageEntry* leaf = find_leaf(part.address);
        for (std::uint32_t i = 0; i < part.count; ++i) {
            constexpr std::uint64_t kept = PageEntry::may_write | PageEntry::may_execute;
            leaf[i].bits = leaf[i].target().value | (leaf[i].bits & kept) | leaf_bits(protection);
            if (loaded) arch::invalidate_page(part.address + i * page_size);
        }
    }
    return {};
}

bool AddressSpace::all_present(std::uint64_t address, std::uint32_t count) const {
    const PageEntry* leaf = find_leaf(address);
    if (leaf == nullptr) return false;
    for (std::uint32_t i = 0; i < count; ++i)
        if (!leaf[i].is_present()) return false;
    return true;
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
    for (const Part& part : parts(address, count))
        if (!all_present(part.address, part.count)) return lamina::fail(Status::not_mapped);
    unmap_checked(address, count);
    return {};
}

void AddressSpace::unmap_checked(std::uint64_t address, std::uint32_t count) {
    const bool loaded = arch::loaded_page_table() == root_;
    for (const Part& part : parts(address, count)) {
        PageEntry* leaf = find_leaf(part.address);
        for (std::uint32_t i = 0; i < part.count; ++i) {
            const FrameNumber frame = frame_of(leaf[i].target());
            leaf[i].bits = 0;
            if (loaded) arch::invalidate_page(part.address + i * page_size);
            frames.release(frame);
        }
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
