// exokernel/memory/frame_table.cpp - page frame ownership, and runs of frames.
#include "exokernel/memory/frame_table.hpp"

#include <cstring>

#include "arch/machine.hpp"
#include "exokernel/core/panic.hpp"

namespace exo {

FrameTable frames;

void FrameTable::refund(Account* account, std::uint32_t count) {
    if (account != nullptr && account->refund(count)) settle_account(*account);
}

void* FrameTable::contents(FrameNumber frame) { return arch::direct_map(address_of(frame)); }

FrameNumber FrameTable::frame_at(const void* address) {
    const auto* start = static_cast<const std::byte*>(arch::direct_map({}));
    return frame_of({std::uint64_t(static_cast<const std::byte*>(address) - start)});
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
    LAMINA_ASSERT(account.charge(count).has_value());
    for (std::uint32_t i = 0; i < count; ++i)
        LAMINA_ASSERT(entries_[first.value + i].state == FrameState::reserved);
    make_head(entries_[first.value], count, account);
    entries_[first.value].share();
    make_tails(first.value, 1, count - 1);
}

void FrameTable::make_tails(std::uint32_t head, std::uint32_t from, std::uint32_t count) {
    for (std::uint32_t i = from; i < from + count; ++i) {
        entries_[head + i].state = FrameState::run_tail;
        entries_[head + i].extent = i;
    }
}

Result<FrameNumber> FrameTable::alloc(FrameState use, Account* account) {
    if (account != nullptr) LAMINA_CHECK(account->charge(1));
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
    LAMINA_CHECK(account.charge(count));
    std::uint32_t first = wanted.value;
    if (first == 0)
        first = free_.take(count);
    else if (first >= size() || count > size() - first || !free_.take_at(first, count))
        first = 0;
    if (first == 0) [[unlikely]] {
        refund(&account, count);
        return lamina::fail(wanted.value == 0 ? Status::out_of_frames : Status::not_free);
    }
    make_head(entries_[first], count, account);
    make_tails(first, 1, count - 1);
    return &entries_[first];
}

void FrameTable::zero(FrameInfo& run, std::uint32_t from, std::uint32_t count) {
    std::memset(contents(number_of(run) + from), 0, count * page_size);
}

FrameInfo& FrameTable::split_run(FrameInfo& run, std::uint32_t count) {
    LAMINA_ASSERT(run.references == 1 && count != 0 && count < run.extent);
    FrameInfo& made = *(&run + count);
    make_head(made, run.extent - count, *run.account);
    made.marks = run.marks;
    make_tails(number_of(made).value, 1, made.extent - 1);
    run.extent = count;
    return made;
}

void FrameTable::cut_run(FrameInfo& run, std::uint32_t count) {
    LAMINA_ASSERT(run.state == FrameState::run_head && count != 0 && count < run.extent);
    const std::uint32_t freed = run.extent - count;
    run.extent = count;
    free_.put(number_of(run).value + count, freed);
    refund(run.account, freed);
}

void FrameTable::merge_runs(FrameInfo& run, FrameInfo& next) {
    LAMINA_ASSERT(&run + run.extent == &next && run.account == next.account);
    LAMINA_ASSERT(run.references == 1 && next.references == 1);
    const std::uint32_t count = next.extent;
    run.marks |= next.marks;
    make_tails(number_of(run).value, run.extent, count);
    run.extent += count;
}

bool FrameTable::consistent() const {
    std::uint64_t seen[std::size_t(FrameState::run_tail) + 1] = {};
    for (const FrameInfo& info : entries_)
        ++seen[std::size_t(info.state)];
    const auto both = [&](FrameState one, FrameState other) {
        return seen[std::size_t(one)] + seen[std::size_t(other)];
    };
    return free_.consistent() && both(FrameState::free, FrameState::free_head) == free_.count() &&
           both(FrameState::object, FrameState::capabilities) == objects_ &&
           both(FrameState::table, FrameState::mappings) == tables_ &&
           both(FrameState::run_head, FrameState::run_tail) == counts().user;
}

}  // namespace exo
