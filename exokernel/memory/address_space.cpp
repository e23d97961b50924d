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

/// Pages a frame of links is for.
constexpr std::uint32_t links_per_frame = page_size / sizeof(Link);
static_assert(2 * links_per_frame == page_table_entries);

constexpr std::uint32_t page_index(std::uint64_t address) {
    return std::uint32_t(address / page_size) % links_per_frame;
}
/// Which of a table's two frames of links an address belongs to.
constexpr unsigned half_of(std::uint64_t address) {
    return entry_index(address, 1) / links_per_frame;
}
Link* links_at(std::uint32_t frame) { return static_cast<Link*>(FrameTable::contents({frame})); }

/// Pages of a range that lie in one MiB.
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
        const std::uint32_t here = links_per_frame - page_index(address);
        part_ = {address, left_ < here ? left_ : here};
        left_ -= part_.count;
    }

    Part part_;
    std::uint32_t left_;
};

Parts parts(std::uint64_t address, std::uint32_t count) { return {address, count}; }

/// The bits of a leaf entry. Execute is the one whose bit says that it is not allowed.
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

// Loops over the pages of one MiB: mostly one page, so not unrolled.

bool any_present(const PageEntry* leaf, std::uint32_t count) {
#pragma GCC unroll 1
    for (std::uint32_t i = 0; i < count; ++i)
        if (leaf[i].is_present()) return true;
    return false;
}

bool all_present(const PageEntry* leaf, std::uint32_t count) {
#pragma GCC unroll 1
    for (std::uint32_t i = 0; i < count; ++i)
        if (!leaf[i].is_present()) return false;
    return true;
}

/// Whether all pages may be used as the bits say, as far as their mappings allow. not_mapped,
/// missing_right or ok.
Status check_allowed(const PageEntry* leaf, std::uint32_t count, std::uint64_t needed) {
#pragma GCC unroll 1
    for (std::uint32_t i = 0; i < count; ++i) {
        if ((leaf[i].bits & needed) == needed) [[likely]]
            continue;
        return leaf[i].is_present() ? Status::missing_right : Status::not_mapped;
    }
    return Status::ok;
}

bool one_part(std::uint64_t address, std::uint32_t count) {
    return page_index(address) + count <= links_per_frame;
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

/// The entry of a level that an address goes through; null if no table of that level is there.
PageEntry* AddressSpace::find_entry(std::uint64_t address, unsigned level) const {
    PhysAddr table = root_;
    for (unsigned above = page_table_levels; above > level; --above) {
        const PageEntry entry = table_at(table).entry[entry_index(address, above)];
        if (!entry.is_present()) return nullptr;
        table = entry.target();
    }
    return &table_at(table).entry[entry_index(address, level)];
}

AddressSpace::Leaves AddressSpace::find_leaves(std::uint64_t address) const {
    PageEntry* entry = find_entry(address, 1);
    if (entry == nullptr) return {};
    const std::uint32_t links = frames.info(FrameTable::frame_at(entry)).links[half_of(address)];
    if (links == 0) return {};
    return {entry, links_at(links) + page_index(address)};
}

/// How many frames map() needs for tables and links that are missing.
std::uint32_t AddressSpace::missing(std::uint64_t address, std::uint32_t count) const {
    std::uint32_t frames_missing = 0;
    const std::uint64_t end = address + count * page_size;
    for (unsigned level = page_table_levels; level > 1; --level) {
        const std::uint64_t span = entry_span(level);
        for (std::uint64_t at = address / span * span; at < end; at += span) {
            const PageEntry* entry = find_entry(at, level);
            frames_missing += entry == nullptr || !entry->is_present();
        }
    }
    for (const Part& part : parts(address, count))
        frames_missing += find_leaves(part.address).link == nullptr;
    return frames_missing;
}

/// As find_leaves(), with tables and links made where they are missing. Needs: frames for them.
AddressSpace::Leaves AddressSpace::make_leaves(std::uint64_t address) {
    PhysAddr table = root_;
    for (unsigned level = page_table_levels; level > 1; --level) {
        PageEntry& entry = table_at(table).entry[entry_index(address, level)];
        if (!entry.is_present())
            entry.bits = address_of(frames.get(FrameState::table, *account_)).value |
                         PageEntry::present | PageEntry::writable | PageEntry::user;
        table = entry.target();
    }
    std::uint32_t& links = frames.info(frame_of(table)).links[half_of(address)];
    if (links == 0) {
        const FrameNumber made = frames.get(FrameState::mappings, *account_);
        FrameInfo& info = frames.info(made);
        info.owner = this;
        info.links[0] = frame_of(table).value;
        info.links[1] = std::uint32_t(address / page_size / links_per_frame);
        links = made.value;
    }
    return {&table_at(table).entry[entry_index(address, 1)], links_at(links) + page_index(address)};
}

/// Points leaf entries to frames of a run, with a reference and a link for each.
void AddressSpace::fill(const Leaves& leaves, CapSlot& source, std::uint32_t first,
                        std::uint32_t count, std::uint64_t bits) {
    source.object->references += count;
    std::uint64_t entry = address_of({source.first + first}).value | bits;
#pragma GCC unroll 1
    for (std::uint32_t i = 0; i < count; ++i) {
        leaves.entry[i].bits = entry;
        leaves.link[i].join(source.children);
        entry += page_size;
    }
}

Result<void> AddressSpace::map(std::uint64_t address, CapSlot& source, std::uint32_t first,
                               std::uint32_t count, Use use) {
    const std::uint64_t bits = leaf_bits(use.now) | allowed_bits(use.allowed);
    const Leaves leaves = find_leaves(address);
    if (leaves.entry == nullptr || !one_part(address, count)) [[unlikely]]
        return map_parts(address, source, first, count, bits);
    if (any_present(leaves.entry, count)) [[unlikely]]
        return lamina::fail(Status::already_mapped);
    fill(leaves, source, first, count, bits);
    return {};
}

Result<void> AddressSpace::map_parts(std::uint64_t address, CapSlot& source, std::uint32_t first,
                                     std::uint32_t count, std::uint64_t bits) {
    for (const Part& part : parts(address, count)) {
        const PageEntry* leaf = find_entry(part.address, 1);
        if (leaf != nullptr && any_present(leaf, part.count))
            return lamina::fail(Status::already_mapped);
    }
    LAMINA_CHECK(frames.check(missing(address, count), *account_));
    for (const Part& part : parts(address, count)) {
        fill(make_leaves(part.address), source, first, part.count, bits);
        first += part.count;
    }
    return {};
}

void AddressSpace::protect_part(PageEntry* leaf, std::uint64_t address, std::uint32_t count,
                                std::uint64_t bits) {
    constexpr std::uint64_t kept =
        PageEntry::address_mask | PageEntry::may_write | PageEntry::may_execute;
    const bool loaded = arch::loaded_page_table() == root_;
#pragma GCC unroll 1
    for (std::uint32_t i = 0; i < count; ++i) {
        leaf[i].bits = (leaf[i].bits & kept) | bits;
        if (loaded) arch::invalidate_page(address + i * page_size);
    }
}

Result<void> AddressSpace::protect(std::uint64_t address, std::uint32_t count,
                                   Protection protection) {
    const std::uint64_t needed = PageEntry::present | allowed_bits(protection);
    PageEntry* leaf = find_entry(address, 1);
    if (leaf == nullptr) [[unlikely]]
        return lamina::fail(Status::not_mapped);
    if (!one_part(address, count)) [[unlikely]]
        return protect_parts(address, count, protection);
    if (const Status found = check_allowed(leaf, count, needed); found != Status::ok) [[unlikely]]
        return lamina::fail(found);
    protect_part(leaf, address, count, leaf_bits(protection));
    return {};
}

Result<void> AddressSpace::protect_parts(std::uint64_t address, std::uint32_t count,
                                         Protection protection) {
    const std::uint64_t needed = PageEntry::present | allowed_bits(protection);
    for (const Part& part : parts(address, count)) {
        const PageEntry* leaf = find_entry(part.address, 1);
        if (leaf == nullptr) return lamina::fail(Status::not_mapped);
        const Status found = check_allowed(leaf, part.count, needed);
        if (found != Status::ok) return lamina::fail(found);
    }
    for (const Part& part : parts(address, count))
        protect_part(find_entry(part.address, 1), part.address, part.count, leaf_bits(protection));
    return {};
}

/// Frees a table of level 1 to 3 with its links, if it has any.
void AddressSpace::free_table(FrameNumber table) {
    for (std::uint32_t& links : frames.info(table).links)
        if (links != 0) frames.free({links});
    frames.free(table);
}

/// The page leaves its ring and loses its entry and its reference.
void AddressSpace::clear_leaf(PageEntry& entry, Link& link) {
    const FrameNumber frame = frame_of(entry.target());
    entry.bits = 0;
    link.leave();
    frames.release(frame);
}

void AddressSpace::unmap_part(const Leaves& leaves, std::uint64_t address, std::uint32_t count) {
    const bool loaded = arch::loaded_page_table() == root_;
#pragma GCC unroll 1
    for (std::uint32_t i = 0; i < count; ++i) {
        clear_leaf(leaves.entry[i], leaves.link[i]);
        if (loaded) arch::invalidate_page(address + i * page_size);
    }
}

Result<void> AddressSpace::unmap(std::uint64_t address, std::uint32_t count) {
    const Leaves leaves = find_leaves(address);
    if (leaves.entry == nullptr) [[unlikely]]
        return lamina::fail(Status::not_mapped);
    if (!one_part(address, count)) [[unlikely]]
        return unmap_parts(address, count);
    if (!all_present(leaves.entry, count)) [[unlikely]]
        return lamina::fail(Status::not_mapped);
    unmap_part(leaves, address, count);
    return {};
}

Result<void> AddressSpace::unmap_parts(std::uint64_t address, std::uint32_t count) {
    for (const Part& part : parts(address, count)) {
        const PageEntry* leaf = find_entry(part.address, 1);
        if (leaf == nullptr || !all_present(leaf, part.count))
            return lamina::fail(Status::not_mapped);
    }
    for (const Part& part : parts(address, count))
        unmap_part(find_leaves(part.address), part.address, part.count);
    return {};
}

AddressSpace::Mapping AddressSpace::mapping_of(const Link& link) {
    const FrameInfo& info = frames.info(FrameTable::frame_at(&link));
    LAMINA_ASSERT(info.state == FrameState::mappings);
    const auto page =
        std::uint32_t(reinterpret_cast<std::uintptr_t>(&link) % page_size / sizeof link);
    const std::uint64_t address =
        (std::uint64_t{info.links[1]} * links_per_frame + page) * page_size;
    const PageEntry& entry = table_at(address_of({info.links[0]})).entry[entry_index(address, 1)];
    return {static_cast<AddressSpace*>(info.owner), address, frame_of(entry.target())};
}

std::byte* AddressSpace::find(std::uint64_t address, bool write) const {
    if (!lamina::in_user_half(address, 1)) return nullptr;
    const PageEntry* leaf = find_entry(address, 1);
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
        if (level == 1) {
            const std::uint32_t links = frames.info(frame_of(table)).links[half_of(here)];
            clear_leaf(entry, links_at(links)[page_index(here)]);
        } else {
            if (!clear_below(entry.target(), level - 1, here, budget)) return false;
            free_table(frame_of(entry.target()));
            entry.bits = 0;
        }
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
