// exokernel/cap/table.cpp - capability tables: taking and freeing slots.
#include "exokernel/cap/table.hpp"

#include "exokernel/core/panic.hpp"

namespace exo {

using lamina::slots::first_free;

Result<std::uint32_t> CapTable::free_slot() const {
    for (std::uint32_t i = 0; i < capacity - first_free; ++i) {
        const std::uint32_t slot = first_free + (next_ - first_free + i) % (capacity - first_free);
        if (!slots_[slot].used() && slots_[slot].generation != generation_max) return slot;
    }
    return lamina::fail(Status::table_full);
}

Result<void> CapTable::check_slot(std::uint32_t slot) const {
    if (slot == 0 || slot >= first_free) return lamina::fail(Status::bad_argument);
    if (slots_[slot].used() || slots_[slot].generation == generation_max)
        return lamina::fail(Status::slot_in_use);
    return {};
}

Handle CapTable::insert(std::uint32_t slot, const Capability& capability, bool acquired) {
    Capability& here = slots_[slot];
    LAMINA_ASSERT(slot < capacity && !here.used());
    const std::uint16_t generation = here.generation;
    here = capability;
    here.generation = generation;
    ++used_;
    if (slot >= first_free) next_ = slot + 1 < capacity ? slot + 1 : first_free;
    if (here.counted && !acquired) ops_->acquire(here);
    return lamina::make_handle(slot, generation);
}

void CapTable::clear(std::uint32_t slot) {
    const Capability dropped = slots_[slot];
    slots_[slot] = {};
    slots_[slot].generation = std::uint16_t(dropped.generation + 1);
    --used_;
    if (dropped.counted) ops_->release(dropped);
}

Result<void> CapTable::drop(Handle handle) {
    if (find(handle) == nullptr) return lamina::fail(Status::bad_handle);
    clear(handle_slot(handle));
    return {};
}

bool CapTable::drop_some(std::uint32_t budget) {
    for (std::uint32_t slot = 0; slot < capacity && used_ != 0; ++slot) {
        if (!slots_[slot].used()) continue;
        if (budget-- == 0) return false;
        clear(slot);
    }
    return true;
}

}  // namespace exo
