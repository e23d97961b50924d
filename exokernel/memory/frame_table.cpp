// exokernel/memory/frame_table.cpp - page frame ownership, and runs of frames.
#include "exokernel/memory/frame_table.hpp"

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

/// Makes a frame that belongs to nobody the head of a run with one reference.
void make_head(FrameInfo& head, std::uint32_t count, Account& account) {
    head.type = ObjectType::frames;
    head.revokers = 0;
    head.references = 1;
    head.state = FrameState::run_head;
    head.extent = count;
    head.account = &account;
    head.roots.close();
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
        case FrameState::capabilities: return objects_;
        case FrameState::table:
        case FrameState::mappings: return tables_;
        default: return user_;
    }
}

void FrameTable::add_free(FrameNumber first, std::uint32_t count) {
    if (first.value == 0 && count != 0) {
        ++first.value;
        --count;
    }
    total_ += count;
    if (count != 0) free_.put(first.value, count);
    free_.drain();
}

void FrameTable::add_run(FrameNumber first, std::uint32_t count, Account& account) {
    account.limit += count;
    total_ += count;
    user_ += count;
    LAMINA_ASSERT(charge(&account, count).has_value());
    for (std::uint32_t i = 0; i < count; ++i)
        LAMINA_ASSERT(entries_[first.value + i].state == FrameState::reserved);
    make_head(entries_[first.value], count, account);
    make_tails(first.value, 1, count - 1);
}

void FrameTable::make_tails(std::uint32_t head, std::uint32_t from, std::uint32_t count) {
    for (std::uint32_t i = from; i < from + count; ++i) {
        entries_[head + i].state = FrameState::run_tail;
        entries_[head + i].extent = i;
    }
}

Result<FrameNumber> FrameTable::alloc(FrameState use, Account* account) {
    LAMINA_CHECK(charge(account, 1));
    const std::uint32_t frame = free_.take(1);
    if (frame == 0) {
        refund(account, 1);
        return lamina::fail(Status::out_of_frames);
    }
    ++count_of(use);
    FrameInfo& info = entries_[frame];
    info.state = use;
    info.account = account;
    info.links[0] = info.links[1] = 0;
    std::memset(contents({frame}), 0, page_size);
    return FrameNumber{frame};
}

void FrameTable::free(FrameNumber frame) {
    const FrameInfo& info = entries_[frame.value];
    LAMINA_ASSERT(info.state >= FrameState::object && info.state <= FrameState::mappings);
    --count_of(info.state);
    Account* const account = info.account;
    free_.put(frame.value, 1);
    refund(account, 1);
}

Result<FrameInfo*> FrameTable::reserve_run(FrameNumber wanted, std::uint32_t count,
                                           Account& account) {
    LAMINA_CHECK(charge(&account, count));
    std::uint32_t first = wanted.value;
    if (first == 0)
        first = free_.take(count);
    else if (first >= size() || count > size() - first || !free_.take_at(first, count))
        first = 0;
    if (first == 0) [[unlikely]] {
        refund(&account, count);
        return lamina::fail(wanted.value == 0 ? Status::out_of_frames : Status::not_free);
    }
    user_ += count;
    make_head(entries_[first], count, account);
    return &entries_[first];
}

void FrameTable::prepare(FrameInfo& run, std::uint32_t from, std::uint32_t count) {
    const std::uint32_t head = number_of(run).value;
    if (from + count > 1) make_tails(head, from == 0 ? 1 : from, from == 0 ? count - 1 : count);
    std::memset(contents({head + from}), 0, count * page_size);
}

void FrameTable::free_run(FrameInfo& run) {
    LAMINA_ASSERT(run.state == FrameState::run_head && run.references == 0 && run.roots.alone());
    const std::uint32_t count = run.extent;
    Account* const account = run.account;
    user_ -= count;
    free_.put(number_of(run).value, count);
    refund(account, count);
}

FrameInfo& FrameTable::split_run(FrameInfo& run, std::uint32_t count) {
    LAMINA_ASSERT(run.references == 1 && count != 0 && count < run.extent);
    FrameInfo& made = *(&run + count);
    make_head(made, run.extent - count, *run.account);
    make_tails(number_of(made).value, 1, made.extent - 1);
    ++run.account->references;
    run.extent = count;
    return made;
}

void FrameTable::merge_runs(FrameInfo& run, FrameInfo& next) {
    LAMINA_ASSERT(&run + run.extent == &next && run.account == next.account);
    LAMINA_ASSERT(run.references == 1 && next.references == 1);
    const std::uint32_t count = next.extent;
    make_tails(number_of(run).value, run.extent, count);
    run.extent += count;
    --run.account->references;
}

bool FrameTable::consistent() const {
    FrameCounts seen;
    for (const FrameInfo& info : entries_) {
        switch (info.state) {
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
    return free_.consistent() && seen.free == free_.count() && seen.total == total_ &&
           seen.objects == objects_ && seen.tables == tables_ && seen.user == user_;
}

}  // namespace exo
