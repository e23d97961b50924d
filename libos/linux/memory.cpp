// libos/linux/memory.cpp - the memory of a Linux program.
#include "libos/linux/memory.hpp"

#include <algorithm>
#include <cstring>

#include "lamina/layout.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/layout.hpp"
#include "libos/vm/mapping.hpp"

namespace libos::linux_abi {

using lamina::fail;
using lamina::has;
using lamina::page_ceil;
using lamina::page_floor;
using lamina::page_size;
using lamina::Protection;

namespace {

constinit Memory program_memory;

constexpr auto read_write = Protection::read | Protection::write;
constexpr std::uint64_t stack_first = layout::linux_end - layout::linux_stack_bytes_max;
constexpr std::uint64_t stack_start_pages = 16;
// A fault brings this much, aligned, as far as the region goes.
constexpr std::uint64_t fault_bytes = 16 * page_size;

// Where the program may place things itself: all that is not the libOS's.
bool is_program_range(std::uint64_t first, std::uint64_t end) {
    const auto in = [&](std::uint64_t low, std::uint64_t high) {
        return first >= low && end <= high;
    };
    return in(lamina::user_start, lamina::libos_image_start) ||
           in(lamina::libos_image_end, layout::mappings_first) ||
           in(layout::linux_first, layout::linux_end);
}

template <typename Step>
bool in_pieces(std::uint64_t first, std::uint64_t end, Step step) {
    while (first < end) {
        const auto pages = std::min((end - first) / page_size, lamina::pages_per_call_max);
        if (!step(first, pages)) return false;
        first += pages * page_size;
    }
    return true;
}

void unmap_frames(std::uint64_t first, std::uint64_t end) {
    in_pieces(first, end, [](std::uint64_t address, std::uint64_t pages) {
        return sys::frames_unmap(fixed::self, address, pages).has_value();
    });
}

bool protect_frames(std::uint64_t first, std::uint64_t end, Protection protection) {
    return in_pieces(first, end, [&](std::uint64_t address, std::uint64_t pages) {
        return sys::frames_protect(fixed::self, address, pages, protection).has_value();
    });
}

void unmap_backed(const Regions& regions, std::uint64_t first, std::uint64_t end) {
    regions.for_each(first, end, [](const Region& part) {
        if (part.backed) unmap_frames(part.first, part.end);
        return true;
    });
}

bool map_frames(std::uint64_t address, std::uint64_t pages, Protection protection) {
    const auto frames = own(sys::frames_alloc(fixed::account, pages));
    return frames && sys::frames_map(fixed::self, frames->get(), 0, pages, address, protection);
}

// The pages a range of bytes touches. Errors: einval (misaligned, empty, out of the user half).
struct Pages {
    std::uint64_t first;
    std::uint64_t end;
};
Outcome<Pages> pages_of(std::uint64_t address, std::uint64_t bytes) {
    if (!lamina::page_aligned(address) || bytes == 0 || bytes > lamina::user_end ||
        !lamina::in_user_half(address, page_ceil(bytes)))
        return fail(Errno::einval);
    return Pages{address, address + page_ceil(bytes)};
}

Outcome<void> or_no_memory(const lamina::Result<void>& result) {
    if (!result) return fail(Errno::enomem);
    return {};
}

}  // namespace

Memory& memory() { return program_memory; }

Outcome<void> Memory::adopt(std::span<const lamina::ElfProgramHeader> headers) {
    std::uint64_t end = 0;
    for (const auto& header : headers) {
        if (header.type != lamina::elf_detail::load || header.memory_bytes == 0) continue;
        if (!lamina::in_user_half(header.address, header.memory_bytes)) return fail(Errno::einval);
        Protection protection = Protection::read;
        if ((header.flags & lamina::elf_detail::flag_write) != 0)
            protection = protection | Protection::write;
        if ((header.flags & lamina::elf_detail::flag_execute) != 0)
            protection = protection | Protection::execute;
        const auto first = page_floor(header.address);
        end = page_ceil(header.address + header.memory_bytes);
        if (!regions_.is_free(first, end) || !regions_.insert({first, end, protection, true}))
            return fail(Errno::einval);
    }
    // One page stays free behind the program, so that what runs over its end faults.
    heap_first_ = heap_end_ = end + page_size;
    heap_limit_ = heap_first_ < lamina::libos_image_start ? lamina::libos_image_start
                                                          : layout::mappings_first;
    LAMINA_CHECK(add(stack_first, layout::linux_end, read_write));
    if (!back(layout::linux_end - stack_start_pages * page_size, layout::linux_end, read_write))
        return fail(Errno::enomem);
    return {};
}

std::span<std::byte> Memory::stack() const {
    constexpr auto bytes = stack_start_pages * page_size;
    return {reinterpret_cast<std::byte*>(layout::linux_end - bytes), bytes};
}

Outcome<void> Memory::add(std::uint64_t first, std::uint64_t end, Protection protection) {
    return or_no_memory(regions_.insert({first, end, protection, false}));
}

Outcome<void> Memory::take_away(std::uint64_t first, std::uint64_t end) {
    if (!regions_.can_cut() || !kept_.can_erase(first, end)) return fail(Errno::enomem);
    forget_kept(first, end);
    unmap_backed(regions_, first, end);
    return or_no_memory(regions_.erase(first, end));
}

bool Memory::back(std::uint64_t first, std::uint64_t end, Protection protection) {
    const auto pages = (end - first) / page_size;
    if (!kept_.has_any(first, end))
        return map_frames(first, pages, protection) && regions_.set_backed(first, end, true);
    if (!regions_.can_cut() || !kept_.can_erase(first, end) ||
        !map_frames(first, pages, read_write))
        return false;
    kept_.for_each(first, end, [](const KeptRange& part) {
        std::memcpy(reinterpret_cast<void*>(part.first), reinterpret_cast<void*>(part.copy),
                    part.end - part.first);
    });
    forget_kept(first, end);
    return protect_frames(first, end, protection) && regions_.set_backed(first, end, true);
}

// The kernel has no mapping without any access: what the program may not access is copied to pages
// of the libOS and unmapped. Nothing changes on failure.
Outcome<void> Memory::keep(std::uint64_t first, std::uint64_t end) {
    if (!regions_.can_cut()) return fail(Errno::enomem);
    bool kept = true;
    auto kept_end = first;
    regions_.for_each(first, end, [&](const Region& part) {
        if (!part.backed) return true;
        auto copy = Mapping::create_new(fixed::account, (part.end - part.first) / page_size);
        kept = copy && kept_.insert({part.first, part.end, copy->address()});
        if (!kept) return false;
        std::memcpy(copy->release().data(), reinterpret_cast<void*>(part.first),
                    part.end - part.first);
        kept_end = part.end;
        return true;
    });
    if (!kept) {
        regions_.for_each(first, kept_end, [&](const Region& part) {
            if (part.backed) forget_kept(part.first, part.end);
            return true;
        });
        return fail(Errno::enomem);
    }
    unmap_backed(regions_, first, end);
    return or_no_memory(regions_.set_backed(first, end, false));
}

void Memory::forget_kept(std::uint64_t first, std::uint64_t end) {
    kept_.for_each(first, end, [](const KeptRange& part) {
        unmap_frames(part.copy, part.copy + (part.end - part.first));
    });
    kept_.erase(first, end);
}

std::uint64_t Memory::set_heap_end(std::uint64_t wanted) {
    if (wanted < heap_first_ || wanted > heap_limit_) return heap_end_;
    const auto old_end = page_ceil(heap_end_);
    const auto new_end = page_ceil(wanted);
    if (new_end > old_end) {
        if (!regions_.is_free(old_end, new_end) || !add(old_end, new_end, read_write))
            return heap_end_;
    } else if (new_end < old_end) {
        if (!take_away(new_end, old_end)) return heap_end_;
    }
    heap_end_ = wanted;
    return heap_end_;
}

Outcome<std::uint64_t> Memory::map(std::uint64_t address, std::uint64_t bytes,
                                   Protection protection, std::uint32_t flags) {
    const bool exactly = (flags & (map_fixed | map_fixed_no_replace)) != 0;
    if (bytes == 0 || (exactly && !lamina::page_aligned(address))) return fail(Errno::einval);
    if (has(protection, Protection::write) && has(protection, Protection::execute))
        return fail(Errno::eacces);
    if (bytes > layout::linux_end - layout::linux_first) return fail(Errno::enomem);
    const auto length = page_ceil(bytes);
    const auto first = page_floor(address);
    const bool fits =
        lamina::in_user_half(first, length) && is_program_range(first, first + length);
    if (fits && (flags & map_fixed_no_replace) != 0 && !regions_.is_free(first, first + length))
        return fail(Errno::eexist);
    if (exactly) {
        if (!fits) return fail(Errno::enomem);
        LAMINA_CHECK(take_away(first, first + length));
        LAMINA_CHECK(add(first, first + length, protection));
        return first;
    }
    if (fits && regions_.is_free(first, first + length)) {
        LAMINA_CHECK(add(first, first + length, protection));
        return first;
    }
    const auto found = regions_.find_free(length, layout::linux_first,
                                          stack_first - layout::linux_stack_gap_bytes);
    if (!found) return fail(Errno::enomem);
    LAMINA_CHECK(add(*found, *found + length, protection));
    return *found;
}

Outcome<void> Memory::unmap(std::uint64_t address, std::uint64_t bytes) {
    LAMINA_TRY(const Pages pages, pages_of(address, bytes));
    return take_away(pages.first, pages.end);
}

Outcome<void> Memory::protect(std::uint64_t address, std::uint64_t bytes, Protection protection) {
    if (bytes == 0 && lamina::page_aligned(address)) return {};
    LAMINA_TRY(const Pages pages, pages_of(address, bytes));
    if (has(protection, Protection::write) && has(protection, Protection::execute))
        return fail(Errno::eacces);
    if (!regions_.covers(pages.first, pages.end)) return fail(Errno::enomem);
    if (protection == no_access) LAMINA_CHECK(keep(pages.first, pages.end));
    LAMINA_CHECK(or_no_memory(regions_.protect(pages.first, pages.end, protection)));
    bool changed = true;
    regions_.for_each(pages.first, pages.end, [&](const Region& part) {
        if (part.backed) changed = protect_frames(part.first, part.end, protection);
        return changed;
    });
    if (!changed) return fail(Errno::eacces);
    return {};
}

Outcome<void> Memory::discard(std::uint64_t address, std::uint64_t bytes) {
    LAMINA_TRY(const Pages pages, pages_of(address, bytes));
    if (!regions_.covers(pages.first, pages.end)) return fail(Errno::enomem);
    if (!regions_.can_cut() || !kept_.can_erase(pages.first, pages.end)) return fail(Errno::enomem);
    forget_kept(pages.first, pages.end);
    unmap_backed(regions_, pages.first, pages.end);
    return or_no_memory(regions_.set_backed(pages.first, pages.end, false));
}

Outcome<std::uint64_t> Memory::move(std::uint64_t address, std::uint64_t bytes,
                                    std::uint64_t bytes_new) {
    const auto protection = regions_.find(address)->protection;
    LAMINA_TRY(const auto target, map(0, bytes_new, read_write, 0));
    for (auto at = address; at < address + bytes;) {
        // A copy: writing to the target faults, which changes the regions.
        const Region part = *regions_.find(at);
        const auto end = std::min(part.end, address + bytes);
        const auto copy = [&](std::uint64_t first, std::uint64_t last, std::uint64_t from) {
            std::memcpy(reinterpret_cast<void*>(target + (first - address)),
                        reinterpret_cast<const void*>(from), last - first);
        };
        // Pages that have no frames and are not kept are zero in both places.
        if (part.backed) copy(at, end, at);
        kept_.for_each(at, end,
                       [&](const KeptRange& kept) { copy(kept.first, kept.end, kept.copy); });
        at = end;
    }
    LAMINA_CHECK(protect(target, bytes_new, protection));
    LAMINA_CHECK(take_away(address, address + bytes));
    return target;
}

Outcome<std::uint64_t> Memory::remap(std::uint64_t address, std::uint64_t bytes,
                                     std::uint64_t bytes_new, std::uint32_t flags) {
    LAMINA_TRY(const Pages old, pages_of(address, bytes));
    LAMINA_TRY(const Pages wanted, pages_of(address, bytes_new));
    if ((flags & ~remap_may_move) != 0) return fail(Errno::einval);
    const Region* const region = regions_.find(address);
    if (region == nullptr || !regions_.covers(old.first, old.end)) return fail(Errno::efault);
    if (wanted.end < old.end) LAMINA_CHECK(take_away(wanted.end, old.end));
    if (wanted.end <= old.end) return address;
    if (regions_.is_free(old.end, wanted.end) && is_program_range(old.end, wanted.end)) {
        LAMINA_CHECK(add(old.end, wanted.end, region->protection));
        return address;
    }
    if ((flags & remap_may_move) == 0) return fail(Errno::enomem);
    return move(address, old.end - old.first, wanted.end - wanted.first);
}

bool Memory::fault(std::uint64_t address, Protection access) {
    const Region* const region = regions_.find(address);
    if (region == nullptr || region->backed || !regions_.allows(address, 1, access)) return false;
    const auto window = address / fault_bytes * fault_bytes;
    const auto first = std::max(region->first, window);
    const auto end = std::min(region->end, window + fault_bytes);
    const auto protection = region->protection;
    const auto page = page_floor(address);
    return back(first, end, protection) || back(page, page + page_size, protection);
}

}  // namespace libos::linux_abi
