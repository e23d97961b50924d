// exokernel/memory/frame_table.cpp - page frame ownership and the buddy allocator.
#include "exokernel/memory/frame_table.hpp"

#include <bit>
#include <cstring>

#include "arch/machine.hpp"
#include "exokernel/core/after_init.hpp"
#include "exokernel/core/panic.hpp"

namespace exo {

FrameTable frames;

namespace {

LAMINA_AFTER_INIT void (*destroy_account)(Object&) = nullptr;

/// A charged frame or run keeps its account alive.
Result<void> charge(Account* account, std::uint32_t count) {
    if (account == nullptr) return {};
    LAMINA_CHECK(account->charge(count));
    ++account->references;
    return {};
}

void refund(Account* account, std::uint32_t count) {
    if (account == nullptr) return;
    account->refund(count);
    if (--account->references == 0 && destroy_account != nullptr) destroy_account(*account);
}

}  // namespace

void set_account_destroyer(void (*destroy)(Object&)) { destroy_account = destroy; }

void* FrameTable::contents(FrameNumber frame) { return arch::direct_map(address_of(frame)); }

FrameNumber FrameTable::frame_at(const void* address) {
    const auto* start = static_cast<const std::byte*>(arch::direct_map({}));
    return frame_of({std::uint64_t(static_cast<const std::byte*>(address) - start)});
}

std::uint64_t& FrameTable::count_of(FrameState use) {
    switch (use) {
        case FrameState::object:
        case FrameState::capabilities: return counts_.objects;
        case FrameState::table:
        case FrameState::mappings: return counts_.tables;
        default: return counts_.user;
    }
}

void FrameTable::push(std::uint32_t frame, unsigned order) {
    FrameInfo& info = entries_[frame];
    info = {};
    info.state = FrameState::free_head;
    info.order = std::uint8_t(order);
    info.next = lists_[order];
    if (info.next != 0) entries_[info.next].previous = frame;
    lists_[order] = frame;
}

void FrameTable::remove(std::uint32_t frame) {
    FrameInfo& info = entries_[frame];
    if (info.previous != 0)
        entries_[info.previous].next = info.next;
    else
        lists_[info.order] = info.next;
    if (info.next != 0) entries_[info.next].previous = info.previous;
    info.state = FrameState::free;
}

/// Frees an aligned block, merging it with its buddy as long as that is free too.
void FrameTable::put_block(std::uint32_t frame, unsigned order) {
    while (order < order_max) {
        const std::uint32_t buddy = frame ^ (1U << order);
        if (buddy >= entries_.size()) break;
        const FrameInfo& info = entries_[buddy];
        if (info.state != FrameState::free_head || info.order != order) break;
        remove(buddy);
        entries_[frame < buddy ? buddy : frame] = {};
        entries_[frame < buddy ? buddy : frame].state = FrameState::free;
        frame = frame < buddy ? frame : buddy;
        ++order;
    }
    push(frame, order);
}

/// Frees frames that form no single block: the largest aligned blocks they hold, one by one.
void FrameTable::put_blocks(std::uint32_t first, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
        entries_[first + i] = {};
        entries_[first + i].state = FrameState::free;
    }
    while (count != 0) {
        unsigned order = unsigned(std::countr_zero(first | (1U << order_max)));
        while ((1U << order) > count)
            --order;
        put_block(first, order);
        first += 1U << order;
        count -= 1U << order;
    }
}

void FrameTable::put(std::uint32_t first, std::uint32_t count) {
    counts_.free += count;
    if (count != 1) return put_blocks(first, count);
    if (cached_ == cache_max) drain_cache();
    entries_[first] = {};
    entries_[first].state = FrameState::free;
    cache_[cached_++] = first;
}

void FrameTable::drain_cache() {
    while (cached_ != 0)
        put_blocks(cache_[--cached_], 1);
}

/// The first frame of `count` free ones in a row, cut out of the smallest block that holds them; 0
/// if there is none.
std::uint32_t FrameTable::take_blocks(std::uint32_t count) {
    const unsigned wanted = unsigned(std::bit_width(count - 1));
    unsigned order = wanted;
    while (order <= order_max && lists_[order] == 0)
        ++order;
    if (order > order_max) return 0;
    const std::uint32_t frame = lists_[order];
    remove(frame);
    while (order > wanted) {
        --order;
        push(frame + (1U << order), order);
    }
    if (count < (1U << wanted)) put_blocks(frame + count, (1U << wanted) - count);
    return frame;
}

/// The same, with single frames from the cache first.
std::uint32_t FrameTable::take(std::uint32_t count) {
    if (count == 0 || count > (1U << order_max)) return 0;
    std::uint32_t frame = 0;
    if (count == 1 && cached_ != 0) {
        frame = cache_[--cached_];
    } else {
        frame = take_blocks(count);
        if (frame == 0 && cached_ != 0) {
            drain_cache();
            frame = take_blocks(count);
        }
    }
    if (frame != 0) counts_.free -= count;
    return frame;
}

void FrameTable::add_free(FrameNumber first, std::uint32_t count) {
    if (first.value == 0 && count != 0) {
        ++first.value;
        --count;
    }
    counts_.total += count;
    counts_.free += count;
    put_blocks(first.value, count);
}

void FrameTable::add_run(FrameNumber first, std::uint32_t count, Account& account) {
    account.limit += count;
    counts_.total += count;
    counts_.user += count;
    LAMINA_ASSERT(charge(&account, count).has_value());
    for (std::uint32_t i = 0; i < count; ++i)
        LAMINA_ASSERT(entries_[first.value + i].state == FrameState::reserved);
    make_run(first.value, count, account);
}

/// Makes frames that belong to nobody a run with one reference.
void FrameTable::make_run(std::uint32_t first, std::uint32_t count, Account& account) {
    FrameInfo& head = entries_[first];
    head.type = ObjectType::frames;
    head.references = 1;
    head.state = FrameState::run_head;
    head.extent = count;
    head.account = &account;
    for (std::uint32_t i = 1; i < count; ++i) {
        entries_[first + i].state = FrameState::run_tail;
        entries_[first + i].extent = i;
    }
}

Result<FrameNumber> FrameTable::alloc(FrameState use, Account* account) {
    LAMINA_CHECK(charge(account, 1));
    const std::uint32_t frame = take(1);
    if (frame == 0) {
        refund(account, 1);
        return lamina::fail(Status::out_of_frames);
    }
    ++count_of(use);
    entries_[frame].state = use;
    entries_[frame].account = account;
    std::memset(contents({frame}), 0, page_size);
    return FrameNumber{frame};
}

void FrameTable::free(FrameNumber frame) {
    const FrameInfo info = entries_[frame.value];
    LAMINA_ASSERT(info.state >= FrameState::object && info.state <= FrameState::mappings);
    --count_of(info.state);
    put(frame.value, 1);
    refund(info.account, 1);
}

Result<FrameNumber> FrameTable::alloc_run(std::uint32_t count, Account& account) {
    LAMINA_CHECK(charge(&account, count));
    const std::uint32_t first = take(count);
    if (first == 0) {
        refund(&account, count);
        return lamina::fail(Status::out_of_frames);
    }
    counts_.user += count;
    make_run(first, count, account);
    std::memset(contents({first}), 0, count * page_size);
    return FrameNumber{first};
}

void FrameTable::free_run(FrameInfo& run) {
    LAMINA_ASSERT(run.state == FrameState::run_head && run.references == 0);
    const std::uint32_t count = run.extent;
    Account* account = run.account;
    counts_.user -= count;
    put(std::uint32_t(&run - entries_.data()), count);
    refund(account, count);
}

bool FrameTable::consistent() const {
    FrameCounts seen;
    for (std::uint32_t frame = 0; frame < entries_.size(); ++frame) {
        switch (entries_[frame].state) {
            case FrameState::reserved: continue;
            case FrameState::free:
            case FrameState::free_head: ++seen.free; break;
            case FrameState::object:
            case FrameState::capabilities: ++seen.objects; break;
            case FrameState::table:
            case FrameState::mappings: ++seen.tables; break;
            case FrameState::run_head:
            case FrameState::run_tail: ++seen.user; break;
        }
        ++seen.total;
    }
    std::uint64_t listed = 0;
    for (unsigned order = 0; order <= order_max; ++order) {
        std::uint32_t before = 0;
        for (std::uint32_t at = lists_[order]; at != 0; at = entries_[at].next) {
            const FrameInfo& info = entries_[at];
            if (info.state != FrameState::free_head || info.order != order) return false;
            if (info.previous != before || at % (1U << order) != 0) return false;
            listed += 1U << order;
            before = at;
        }
    }
    return listed + cached_ == counts_.free && seen.free == counts_.free &&
           seen.total == counts_.total && seen.objects == counts_.objects &&
           seen.tables == counts_.tables && seen.user == counts_.user;
}

}  // namespace exo
