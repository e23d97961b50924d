// exokernel/cap/table.cpp - capability tables: taking and freeing slots.
#include "exokernel/cap/table.hpp"

#include "exokernel/core/panic.hpp"

namespace exo {

using lamina::slots::first_free;

static_assert(sizeof(CapPage) == 4096);

Result<void> CapTable::create(Object& account) {
    account_ = &account;
    return grow();
}

void CapTable::destroy() {
    LAMINA_ASSERT(used_ == 0);
    while (page_count_ != 0)
        ops_->free_page(pages_[--page_count_]);
    oldest_free_ = 0;
}

Result<void> CapTable::grow() {
    if (page_count_ == pages_max) return lamina::fail(Status::table_full);
    LAMINA_TRY(CapPage* const page, ops_->alloc_page(*this, *account_));
    pages_[page_count_++] = page;
    for (std::uint32_t i = 0; i < CapPage::slots; ++i) {
        CapSlot& cap = page->slot[i];
        cap.number = (page_count_ - 1) * CapPage::slots + i;
        if (cap.number >= first_free) put_back(cap);
    }
    return {};
}

void CapTable::shrink() {
    if (page_count_ <= 1) return;
    CapPage* page = pages_[page_count_ - 1];
    // A page that was grown and not used holds the whole queue of free slots.
    if (oldest_free_ != page->slot[0].number ||
        youngest_free_ != page->slot[CapPage::slots - 1].number)
        return;
    for (const CapSlot& cap : page->slot)
        if (cap.used() || cap.generation != 0) return;
    --page_count_;
    ops_->free_page(page);
    oldest_free_ = youngest_free_ = 0;
}

Result<void> CapTable::check_slot(std::uint32_t slot) const {
    if (slot == 0 || slot >= first_free) return lamina::fail(Status::bad_argument);
    const CapSlot& cap = slot_at(slot);
    if (cap.used() || cap.generation == generation_max) return lamina::fail(Status::slot_in_use);
    return {};
}

/// Takes a slot out of the queue of free ones, if it was there.
CapSlot& CapTable::take(std::uint32_t slot) {
    LAMINA_ASSERT(slot != 0 && slot < page_count_ * CapPage::slots);
    CapSlot& cap = slot_at(slot);
    LAMINA_ASSERT(!cap.used());
    if (slot >= first_free) {
        LAMINA_ASSERT(slot == oldest_free_);
        oldest_free_ = cap.first;
    }
    ++used_;
    return cap;
}

/// Makes an unused slot the youngest of the queue of free ones.
void CapTable::put_back(CapSlot& cap) {
    cap.first = 0;
    if (oldest_free_ == 0)
        oldest_free_ = cap.number;
    else
        slot_at(youngest_free_).first = cap.number;
    youngest_free_ = cap.number;
}

Handle CapTable::insert(std::uint32_t slot, const Capability& capability, CapSlot* parent,
                        bool acquired) {
    CapSlot& here = take(slot);
    const std::uint16_t generation = here.generation;
    static_cast<Capability&>(here) = capability;
    here.generation = generation;
    here.children.close();
    if (parent != nullptr)
        here.siblings.join(parent->children);
    else
        here.siblings.close();
    if (here.counted && !acquired) ops_->acquire(here);
    return lamina::make_handle(slot, generation);
}

Handle CapTable::move_to(CapTable& target, std::uint32_t slot, CapSlot& from) {
    CapSlot& here = target.take(slot);
    const std::uint16_t generation = here.generation;
    static_cast<Capability&>(here) = from;
    here.generation = generation;
    here.siblings.replace(from.siblings);
    here.children.replace(from.children);
    from.siblings.close();
    from.children.close();
    from.counted = false;
    drop(from);
    return lamina::make_handle(slot, generation);
}

void CapTable::drop(CapSlot& cap) {
    const Capability dropped = cap;
    cap.siblings.give_way_to(cap.children);
    static_cast<Capability&>(cap) = {};
    cap.generation = std::uint16_t(dropped.generation + 1);
    if (cap.number >= first_free && cap.generation != generation_max) put_back(cap);
    --used_;
    if (dropped.counted) ops_->release(dropped);
}

Result<void> CapTable::drop(Handle handle) {
    CapSlot* cap = find(handle);
    if (cap == nullptr) return lamina::fail(Status::bad_handle);
    drop(*cap);
    return {};
}

bool CapTable::drop_some(std::uint32_t budget) {
    for (; dropped_ < page_count_ * CapPage::slots && used_ != 0; ++dropped_) {
        if (budget-- == 0) return false;
        CapSlot& cap = slot_at(dropped_);
        if (cap.used()) drop(cap);
    }
    return true;
}

}  // namespace exo
