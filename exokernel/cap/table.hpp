// exokernel/cap/table.hpp - CapTable: an environment's capabilities, and the one check of them.
#pragma once

#include <cstdint>

#include "exokernel/cap/capability.hpp"

namespace exo {

/// What the table needs of those who know the objects.
struct CapOps {
    void (*acquire)(const Capability&);  ///< One more counted capability refers to the object.
    void (*release)(const Capability&);  ///< One fewer; frees the object with the last.
};

/// Legal slots: free (type none), used, retired (free, generation at its maximum: never used
/// again, so that no handle ever names two capabilities).
class CapTable {
public:
    static constexpr std::uint32_t capacity = 144;
    static constexpr std::uint16_t generation_max = 0xffff;

    explicit CapTable(const CapOps& ops) : ops_(&ops) {}

    /// The capability a handle names, if it has this type and all these rights. Pointers stay valid
    /// until the slot is dropped. Errors: bad_handle, wrong_type, missing_right. Cost: O(1).
    Result<const Capability*> lookup(Handle handle, ObjectType type, Rights needed) const {
        const Capability* cap = find(handle);
        if (cap == nullptr) [[unlikely]]
            return lamina::fail(Status::bad_handle);
        if (cap->type != type) [[unlikely]]
            return lamina::fail(Status::wrong_type);
        if (!covers(cap->rights, needed)) [[unlikely]]
            return lamina::fail(Status::missing_right);
        return cap;
    }

    /// The same for any type.
    Result<const Capability*> lookup_any(Handle handle, Rights needed) const {
        const Capability* cap = find(handle);
        if (cap == nullptr) [[unlikely]]
            return lamina::fail(Status::bad_handle);
        if (!covers(cap->rights, needed)) [[unlikely]]
            return lamina::fail(Status::missing_right);
        return cap;
    }

    /// A free slot that insert() may use next. Errors: table_full.
    Result<std::uint32_t> free_slot() const;
    /// Whether insert_at() would succeed for `slot`. Errors: bad_argument, slot_in_use.
    Result<void> check_slot(std::uint32_t slot) const;

    /// Puts a capability into a slot found by free_slot() or check_slot(), acquires its object
    /// (unless the reference is handed over: `acquired`) and names it.
    Handle insert(std::uint32_t slot, const Capability& capability, bool acquired = false);

    /// Frees the slot and releases the object. Errors: bad_handle.
    Result<void> drop(Handle handle);

    /// Drops up to `budget` capabilities, for the end of an environment; true when none is left.
    bool drop_some(std::uint32_t budget);

    std::uint32_t used() const { return used_; }

private:
    const Capability* find(Handle handle) const {
        const std::uint32_t slot = handle_slot(handle);
        if (slot >= capacity) [[unlikely]]
            return nullptr;
        const Capability& cap = slots_[slot];
        if (!cap.used() || cap.generation != handle_generation(handle)) [[unlikely]]
            return nullptr;
        return &cap;
    }
    void clear(std::uint32_t slot);

    const CapOps* ops_;
    std::uint32_t used_ = 0;
    std::uint32_t next_ = lamina::slots::first_free;  ///< Where the search for a free slot starts.
    Capability slots_[capacity] = {};
};

}  // namespace exo
