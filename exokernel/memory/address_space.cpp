// exokernel/memory/address_space.cpp - mapping, unmapping and protecting pages of any size.
#include "exokernel/memory/address_space.hpp"

#include <algorithm>

namespace exo {

static_assert(std::uint64_t(Protection::write) == PageEntry::writable);
static_assert(std::uint64_t(Protection::execute) << 61 == PageEntry::no_execute);
static_assert(std::uint64_t(Protection::write) << 51 == PageEntry::may_write);
static_assert(std::uint64_t(Protection::execute) << 51 == PageEntry::may_execute);
static_assert(1ULL << 54 == PageEntry::lent);
static_assert(std::uint64_t(Protection::software) << 1 == PageEntry::software);

namespace {

/// Calls `visit(address, pages)` for each part of a range of pages that lies in one half of a
/// table, until it returns false. Whether it never did.
[[gnu::always_inline]] inline bool for_each_part(std::uint64_t address, std::uint32_t pages,
                                                 unsigned level, auto visit) {
    while (pages != 0) {
        const std::uint32_t part = std::min(pages, pages_to_end_of_half(address, level));
        if (!visit(address, part)) return false;
        address += part * entry_span(level);
        pages -= part;
    }
    return true;
}

/// The level of the pages a mapping asks for; 0 for two sizes at once.
unsigned level_of(Protection use) {
    if (!has(use, Protection::size_1g)) return has(use, Protection::size_2m) ? 2 : 1;
    return has(use, Protection::size_2m) ? 0 : 3;
}

/// Errors: bad_argument (count), bad_address.
Result<void> check_range(std::uint64_t address, std::uint64_t count, unsigned level) {
    if (count - 1 >= lamina::pages_per_call_max * entry_frames(level))
        return lamina::fail(Status::bad_argument);
    if (!lamina::page_aligned(address) || !lamina::in_user_half(address, count * page_size))
        return lamina::fail(Status::bad_address);
    return {};
}

/// Why one of some entries, the first such, does not allow what is needed.
Status refusal(std::span<const PageEntry> entries, std::uint64_t needed) {
    for (const PageEntry& entry : entries)
        if (!entry.has(needed))
            return entry.is_present() ? Status::missing_right : Status::not_mapped;
    return Status::ok;
}

}  // namespace

Result<void> AddressSpace::map_slowly(std::uint64_t address, CapSlot& source, std::uint64_t first,
                                      std::uint64_t count, Use use) {
    const unsigned level = level_of(use.now);
    if (level == 0) return lamina::fail(Status::bad_argument);
    if (level == 3 && !arch::has_gigabyte_pages()) return lamina::fail(Status::not_present);
    LAMINA_CHECK(check_range(address, count, level));
    const std::uint32_t size = entry_frames(level);
    if (count % size != 0 || (source.first + first) % size != 0)
        return lamina::fail(Status::bad_argument);
    if (address % entry_span(level) != 0) return lamina::fail(Status::bad_address);
    const auto pages = std::uint32_t(count / size);
    const bool is_free =
        for_each_part(address, pages, level, [&](std::uint64_t here, std::uint32_t part) {
            const Step step = walk(here, level);
            if (step.level != level) return !step.entry->is_present();
            return std::ranges::all_of(std::span(step.entry, part),
                                       [&](PageEntry entry) { return has_room(entry, level); });
        });
    if (!is_free) return lamina::fail(Status::already_mapped);
    LAMINA_CHECK(check_make(address, count * page_size, level));
    // All tables are made before one is freed: CPUs may walk through that until the shoot-down.
    for_each_part(address, pages, level, [&](std::uint64_t here, std::uint32_t) {
        make_leaves(here, level);
        return true;
    });
    source.object->references += pages;
    std::uint64_t bits = address_of({source.first + std::uint32_t(first)}).value | leaf_bits(use) |
                         (level > 1 ? PageEntry::large : 0);
    for_each_part(address, pages, level, [&](std::uint64_t here, std::uint32_t part) {
        const Leaves at = leaves_at(here, level);
        for (std::uint32_t i = 0; i < part; ++i, bits += entry_span(level)) {
            if (at.entry[i].is_present()) {
                free_empty(at.entry[i]);
                users.table_freed = true;
            }
            at.entry[i].bits = bits;
            at.link[i].join(source.children);
        }
        return true;
    });
    // One page's invalidation forgets all tables on the way (Intel SDM vol. 3A, 4.10.4.1).
    if (users.table_freed && is_loaded(Whose::anybodys)) arch::invalidate_page(address);
    return {};
}

/// The pages of one size in a row that a range begins with. Errors: not_mapped, partial_page.
Result<AddressSpace::Row> AddressSpace::row_at(std::uint64_t address, std::uint64_t count) const {
    const auto small =
        std::uint32_t(std::min<std::uint64_t>(count, pages_to_end_of_half(address, 1)));
    if (Leaves at; known(address, at)) return Row{at, 1, small};
    const auto [entry, level] = walk(address, 1);
    if (!entry->is_leaf(level)) return lamina::fail(Status::not_mapped);
    if (address % entry_span(level) != 0 || count < entry_frames(level))
        return lamina::fail(Status::partial_page);
    return Row{leaves_at(address, level), level, level == 1 ? small : 1};
}

/// Whether all pages of a range may be used as `needed` says. Errors: as protect().
Result<void> AddressSpace::check_rows(std::uint64_t address, std::uint64_t count,
                                      std::uint64_t needed) const {
    LAMINA_CHECK(check_range(address, count, leaf_level_max));
    for (std::uint32_t pages = 0; count != 0;) {
        LAMINA_TRY(const Row row, row_at(address, count));
        pages += row.pages;
        if (pages > lamina::pages_per_call_max) return lamina::fail(Status::bad_argument);
        std::uint64_t common = ~0ULL;
        for (const PageEntry& entry : row.entries())
            common &= entry.bits;
        if ((common & needed) != needed) [[unlikely]]
            return lamina::fail(refusal(row.entries(), needed));
        address += row.bytes();
        count -= row.bytes() / page_size;
    }
    return {};
}

/// Changes each page of a range that check_rows() has accepted, by `visit(entry, link)`.
void AddressSpace::for_each_page(std::uint64_t address, std::uint64_t count, auto visit) {
    const bool loaded = is_loaded(Whose::anybodys);
    const std::uint64_t end = address + count * page_size;
    while (address != end) {
        const Row row = *row_at(address, (end - address) / page_size);
        for (std::uint32_t i = 0; i < row.pages; ++i, address += entry_span(row.level)) {
            visit(row.at.entry[i], row.at.link[i]);
            if (loaded) arch::invalidate_page(address);
        }
    }
}

Result<void> AddressSpace::unmap_slowly(std::uint64_t address, std::uint64_t count) {
    LAMINA_CHECK(check_rows(address, count, PageEntry::present));
    for_each_page(address, count, clear_leaf);
    return {};
}

Result<void> AddressSpace::protect_slowly(std::uint64_t address, std::uint64_t count,
                                          Change change) {
    LAMINA_CHECK(check_rows(address, count, change.needed));
    for_each_page(address, count, [=](PageEntry& entry, Link&) {
        entry.bits = (entry.bits & kept_bits) | change.bits;
    });
    return {};
}

Link& AddressSpace::link_of(std::uint64_t address) const {
    return *leaves_at(address, walk(address, 1).level).link;
}

std::uint64_t AddressSpace::first_unmapped(std::uint64_t address, std::uint64_t count) const {
    for (const std::uint64_t end = address + count * page_size; address < end;) {
        const auto [entry, level] = walk(address, 1);
        if (!entry->is_leaf(level)) break;
        address += entry_span(level);
    }
    return address;
}

std::byte* AddressSpace::find(std::uint64_t address, bool write) const {
    if (!lamina::in_user_half(address, 1)) return nullptr;
    const auto [entry, level] = walk(address, 1);
    if (!entry->is_leaf(level)) return nullptr;
    if (write && (entry->bits & PageEntry::writable) == 0) return nullptr;
    return static_cast<std::byte*>(arch::direct_map(entry->target())) + address % entry_span(level);
}

}  // namespace exo
