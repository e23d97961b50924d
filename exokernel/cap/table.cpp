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
        cap.number = slot_count_ - CapPage::slots + i;
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

/// Why lookup() did not find what it was asked for.
Status CapTable::refusal(Handle handle, ObjectType type) const {
    const CapSlot* cap = find(handle);
    if (cap == nullptr) return Status::bad_handle;
    return cap->type != type ? Status::wrong_type : Status::missing_right;
}

Result<void> CapTable::check_slot(std::uint32_t slot) const {
    if (slot == 0 || slot >= first_free) return lamina::fail(Status::bad_argument);
    const CapSlot& cap = slot_at(slot);
    if (cap.used() || cap.generation == generation_max) return lamina::fail(Status::slot_in_use);
    return {};
}

/// Takes a slot out of the queue of free ones, if it was there.
CapSlot& CapTable::take(std::uint32_t slot) {
    LAMINA_ASSERT(slot != 0 && slot < slot_count_);
    CapSlot& cap = slot_at(slot);
    LAMINA_ASSERT(!cap.used());
    if (slot >= first_free) {
        LAMINA_ASSERT(free_.next == &cap.siblings);
        cap.siblings.leave();
    }
    ++used_;
    return cap;
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
    if (here.counted && !acquired) ++here.object->references;
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
    Object* const object = cap.counted ? cap.object : nullptr;
    cap.siblings.give_way_to(cap.children);
    cap.type = ObjectType::none;
    cap.object = nullptr;
    if (++cap.generation != generation_max && cap.number >= first_free) cap.siblings.join(free_);
    --used_;
    if (object != nullptr && --object->references == 0) ops_->destroy(*object);
}

Result<void> CapTable::drop(Handle handle) {
    CapSlot* cap = find(handle);
    if (cap == nullptr) return lamina::fail(Status::bad_handle);
    drop(*cap);
    return {};
}

bool CapTable::drop_some(std::uint32_t budget) {
    for (; dropped_ < slot_count_ && used_ != 0; ++dropped_) {
        if (budget-- == 0) return false;
        CapSlot& cap = slot_at(dropped_);
        if (cap.used()) drop(cap);
    }
    return true;
}

}  // namespace exo
