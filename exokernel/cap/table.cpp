// exokernel/cap/table.cpp - capability tables: taking and freeing slots.
#include "exokernel/cap/table.hpp"

#include "exokernel/core/panic.hpp"

namespace exo {

using lamina::slots::first_free;

static_assert(sizeof(CapPage) == 4096);

Result<void> CapTable::create(Object& account) {
    account_ = &account;
    LAMINA_CHECK(grow());
    // No handle is this one, and no name of that slot like its lower half.
    recent_gate = recent_vcpu = {1ULL << 32 | 1, &slot_at(0)};
    return {};
}

void CapTable::destroy() {
    LAMINA_ASSERT(used_ == 0);
    for (; slot_count_ != 0; slot_count_ -= CapPage::slots)
        ops_->free_page(pages_[page_count() - 1]);
    free_.close();
}

Result<void> CapTable::grow() {
    if (slot_count_ == capacity) return lamina::fail(Status::table_full);
    LAMINA_TRY(CapPage* const page, ops_->alloc_page(*this, *account_));
    pages_[page_count()] = page;
    slot_count_ += CapPage::slots;
    for (std::uint32_t i = 0; i < CapPage::slots; ++i) {
        CapSlot& cap = page->slot[i];
        cap.number = std::uint16_t(slot_count_ - CapPage::slots + i);
        if (cap.number >= first_free) cap.siblings.join(free_);
    }
    return {};
}

void CapTable::shrink() {
    if (page_count() <= 1) return;
    CapPage* page = pages_[page_count() - 1];
    for (const CapSlot& cap : page->slot)
        if (cap.used() || cap.generation != 0) return;
    for (CapSlot& cap : page->slot)
        cap.siblings.leave();
    slot_count_ -= CapPage::slots;
    pages_[page_count()] = nullptr;
    ops_->free_page(page);
}

CapSlot* CapTable::find_anew(Recent& recent, std::uint64_t handle, ObjectType type, Rights needed) {
    if (handle >> 32 != 0) return nullptr;
    const auto cap = lookup(Handle(handle), type, needed);
    if (!cap) return nullptr;
    recent = {handle, *cap};
    return *cap;
}

/// Why lookup() did not find what it was asked for.
Status CapTable::refusal(Handle handle, ObjectType type) const {
    const CapSlot* cap = find(handle);
    if (cap == nullptr) return Status::bad_handle;
    return cap->type != type ? Status::wrong_type : Status::missing_right;
}

Result<CapSlot*> CapTable::fixed_slot(std::uint32_t number) {
    if (number == 0 || number >= first_free) return lamina::fail(Status::bad_argument);
    CapSlot& cap = slot_at(number);
    if (cap.used() || cap.generation == generation_max) return lamina::fail(Status::slot_in_use);
    return &cap;
}

Handle CapTable::move_to(CapTable& target, CapSlot& here, CapSlot& from) {
    target.take(here);
    static_cast<Capability&>(here) = from;
    here.siblings.replace(from.siblings);
    here.children.replace(from.children);
    from.siblings.close();
    from.children.close();
    from.counted = false;
    drop(from);
    return here.name;
}

bool CapTable::drop_some(std::uint32_t budget) {
    for (; dropped_ < slot_count_ && used_ != 0; ++dropped_) {
        if (budget-- == 0) return false;
        if (CapSlot* const cap = at(dropped_)) drop(*cap);
    }
    return true;
}

}  // namespace exo
