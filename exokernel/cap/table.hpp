// exokernel/cap/table.hpp - CapTable: an environment's capabilities, and the one check of them.
#pragma once

#include <cstdint>

#include "arch/machine.hpp"
#include "exokernel/cap/capability.hpp"
#include "exokernel/core/panic.hpp"

namespace exo {

class CapTable;

/// One page of a table.
struct CapPage {
    static constexpr std::uint32_t slots = 64;
    CapSlot slot[slots];
};

/// What the table needs of those who know objects and memory.
struct CapOps {
    void (*destroy)(Object& object);  ///< Its last reference is gone.
    /// A zeroed page for a table, charged to the account. Errors: quota_exceeded, out_of_frames.
    Result<CapPage*> (*alloc_page)(CapTable& table, Object& account);
    void (*free_page)(CapPage* page);
};

/// Grows by pages, which its account pays, and does not shrink before its end. Legal slots: fixed
/// (below first_free: free or used), free (in the queue of free slots), used, retired (free, its
/// generation at the maximum: never used again, so that no handle ever names two capabilities). The
/// slot freed last is used again last. Slot 0 is never used.
class CapTable {
public:
    static constexpr std::uint32_t pages_max = 64;
    static constexpr std::uint32_t capacity = pages_max * CapPage::slots;
    static constexpr std::uint16_t generation_max = 0xffff;

    explicit CapTable(const CapOps& ops) : ops_(&ops) { free_.close(); }
    CapTable(const CapTable&) = delete;
    CapTable& operator=(const CapTable&) = delete;

    /// Makes the first page; `account` pays for all. Errors: quota_exceeded, out_of_frames.
    Result<void> create(Object& account);
    /// Gives the pages back. Needs: drop_some() returned true.
    void destroy();

    /// The capability a handle names, if it has this type and all these rights. Pointers stay valid
    /// until the slot is dropped. Errors: bad_handle, wrong_type, missing_right. Cost: O(1).
    Result<CapSlot*> lookup(Handle handle, ObjectType type, Rights needed) {
        const std::uint32_t slot = handle_slot(handle);
        if (slot < slot_count_) [[likely]] {
            CapSlot& cap = slot_at(slot);
            if (cap.name == handle && cap.type == type && covers(cap.rights, needed)) [[likely]]
                return &cap;
        }
        return lamina::fail(refusal(handle, type));
    }

    /// A capability found before. No other one ever has its handle, and one that has a handle
    /// changes neither type nor rights: while the slot has that name, they need not be looked at.
    struct Recent {
        std::uint64_t handle;
        CapSlot* slot;  ///< Of this table: its pages stay once a slot of theirs was used.
    };

    /// What lookup() finds for a register of a call; null: nothing. Remembers the last one found,
    /// each of `recent` being for one type and some rights.
    [[gnu::always_inline]] CapSlot* find_again(Recent& recent, std::uint64_t handle,
                                               ObjectType type, Rights needed) {
        CapSlot* const cap = recent.slot;
        if (recent.handle == handle && std::uint32_t(cap->name) == std::uint32_t(handle)) [[likely]]
            return cap;
        return find_anew(recent, handle, type, needed);
    }
    Recent recent_gate;  ///< That was called.
    Recent recent_vcpu;  ///< That was yielded to.

    /// The same for any type. Errors: bad_handle, missing_right.
    Result<CapSlot*> lookup_any(Handle handle, Rights needed) {
        CapSlot* cap = find(handle);
        if (cap == nullptr) [[unlikely]]
            return lamina::fail(Status::bad_handle);
        if (!covers(cap->rights, needed)) [[unlikely]]
            return lamina::fail(Status::missing_right);
        return cap;
    }

    /// A free slot that insert() may use next; grows the table if there is none. Errors:
    /// table_full, quota_exceeded, out_of_frames.
    Result<CapSlot*> free_slot() {
        if (free_.alone()) [[unlikely]]
            LAMINA_CHECK(grow());
        return &CapSlot::of(*free_.next);
    }
    /// The slot that free_slot() would give without growing the table, or null.
    CapSlot* next_free() { return free_.alone() ? nullptr : &CapSlot::of(*free_.next); }
    /// Frees the last page if nothing is in it: undoes the growth of a free_slot() not made use of.
    void shrink();
    /// The fixed slot of a number, if insert() may use it. Errors: bad_argument, slot_in_use.
    Result<CapSlot*> fixed_slot(std::uint32_t number);

    /// Puts a capability into a slot of free_slot() or fixed_slot(), acquires its object (unless
    /// the reference is handed over: `acquired`) and names it. It becomes the youngest in the ring
    /// of `head`, which is its parent's `children` or the roots of a run; null: it is the root of a
    /// tree of its own.
    [[gnu::always_inline]] Handle insert(CapSlot& here, const Capability& capability, Link* head,
                                         bool acquired = false) {
        take(here);
        static_cast<Capability&>(here) = capability;
        here.children.close();
        if (head != nullptr)
            here.siblings.join(*head);
        else
            here.siblings.close();
        if (!acquired && here.counted) ++here.object->references;
        return here.name;
    }

    /// Moves a capability, with all that was derived from it, to a slot as for insert() of another
    /// table.
    Handle move_to(CapTable& target, CapSlot& here, CapSlot& from);

    /// Frees the slot and releases the object; what was derived from it now counts as derived from
    /// its parent. Errors: bad_handle.
    Result<void> drop(Handle handle) {
        LAMINA_TRY(CapSlot* const cap, lookup_any(handle, Rights::none));
        drop(*cap);
        return {};
    }
    /// The same for a used slot of this table.
    [[gnu::always_inline]] void drop(CapSlot& cap) {
        remove(cap);
        if (cap.counted && --cap.object->references == 0) ops_->destroy(*cap.object);
    }
    /// The same, with the reference left to the caller.
    [[gnu::always_inline]] void remove(CapSlot& cap) {
        cap.siblings.give_way_to(cap.children);
        cap.type = ObjectType::none;
        cap.name = Handle::null;
        if (++cap.generation != generation_max && cap.number >= lamina::slots::first_free)
            cap.siblings.join(free_);
        --used_;
    }

    /// Drops capabilities, looking at up to `budget` slots, for the end of an environment; true
    /// when none is left.
    bool drop_some(std::uint32_t budget);

    std::uint32_t used() const { return used_; }
    /// How many pages the table has.
    std::uint32_t page_count() const { return slot_count_ / CapPage::slots; }
    /// A used slot's capability, or null; for those who look at all of a table.
    CapSlot* at(std::uint32_t slot) {
        if (slot >= slot_count_) return nullptr;
        CapSlot& cap = slot_at(slot);
        return cap.used() ? &cap : nullptr;
    }

private:
    CapSlot& slot_at(std::uint32_t slot) const {
        return pages_[slot / CapPage::slots]->slot[slot % CapPage::slots];
    }
    /// The used slot that a handle names, or null.
    CapSlot* find(Handle handle) const {
        const std::uint32_t slot = handle_slot(handle);
        if (slot >= slot_count_) [[unlikely]]
            return nullptr;
        CapSlot& cap = slot_at(slot);
        return cap.name == handle && cap.used() ? &cap : nullptr;
    }
    LAMINA_KEEPS_REGISTERS CapSlot* find_anew(Recent& recent, std::uint64_t handle, ObjectType type,
                                              Rights needed);
    LAMINA_KEEPS_REGISTERS Status refusal(Handle handle, ObjectType type) const;
    LAMINA_KEEPS_REGISTERS Result<void> grow();
    /// Takes a slot out of the queue of free ones, if it was there, and names it.
    void take(CapSlot& slot) {
        LAMINA_ASSERT(slot.name == Handle::null);
        if (slot.number >= lamina::slots::first_free) slot.siblings.leave();
        ++used_;
        slot.name = lamina::make_handle(slot.number, slot.generation);
    }

    const CapOps* ops_;
    Object* account_ = nullptr;
    std::uint32_t used_ = 0;
    std::uint32_t slot_count_ = 0;  ///< Of the pages there are.
    std::uint32_t dropped_ = 0;     ///< Slots that drop_some() has been through.
    Link free_;                     ///< The queue of free slots, by their `siblings`, oldest first.
    CapPage* pages_[pages_max] = {};
};

}  // namespace exo
