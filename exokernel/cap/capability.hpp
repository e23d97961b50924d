// exokernel/cap/capability.hpp - Capability: one entry of an environment's table.
#pragma once

#include <cstddef>
#include <cstdint>

#include "exokernel/cap/link.hpp"
#include "lamina/result.hpp"
#include "lamina/rights.hpp"

namespace exo {

using lamina::Handle;
using lamina::ObjectType;
using lamina::Result;
using lamina::Rights;
using lamina::Status;

/// The head of every kernel object that capabilities refer to; a run of page frames has it in the
/// frame table.
struct Object {
    /// In `marks`: more than one environment had a capability for it or a page of it.
    static constexpr std::uint16_t shared = 0x8000;

    ObjectType type;
    /// `shared`, and in the bits below the number of revocations that go on: while there are any,
    /// nobody derives from a capability for it. 0: its environment may use it in its CPU's own
    /// section.
    std::uint16_t marks;
    std::uint32_t references;

    bool being_revoked() const { return (marks & ~shared) != 0; }
    bool is_shared() const { return (marks & shared) != 0; }
    void share() { marks |= shared; }
};

/// Frees an object, or begins its end. Needs: its last reference is gone. In env/objects.cpp; host
/// tests of what is below have their own.
void destroy_object(Object& object);

/// Drops a reference that is no capability's in a table.
inline void release_object(Object& object) {
    if (--object.references == 0) destroy_object(object);
}

/// An object and what may be done with it.
struct Capability {
    ObjectType type = ObjectType::none;
    /// Whether it keeps its object alive. An environment's capability for itself does not.
    bool counted = true;
    Rights rights = Rights::none;
    Object* object = nullptr;
    /// Frames: the first page frame and how many pages. Others: the halves of the badge.
    std::uint32_t first = 0;
    std::uint32_t count = 0;

    bool used() const { return type != ObjectType::none; }

    /// What a notification's capability is known by: the bits it may signal; 0: all.
    std::uint64_t badge() const { return first | std::uint64_t{count} << 32; }
    void set_badge(std::uint64_t badge) {
        first = std::uint32_t(badge);
        count = std::uint32_t(badge >> 32);
    }
};

/// One for `count` page frames of a run, from the frame `first` on.
inline Capability frames_capability(Object& run, Rights rights, std::uint32_t first,
                                    std::uint32_t count) {
    return {ObjectType::frames, true, rights, &run, first, count};
}

/// A capability in a table, and its place in the derivation tree: `children` is the head of the
/// ring of what was made from it (capabilities, mapped pages, areas of vCPUs), oldest first;
/// `siblings` is its own link in such a ring. What an object's creation gave is in the ring of the
/// run's roots (frames), or in one without a head.
struct alignas(64) CapSlot : Capability {
    Link siblings;
    Link children;
    /// The handle that names it, null while the slot is free: compared as a whole, so that a stale
    /// handle is as wrong as a made-up one.
    Handle name = Handle::null;
    std::uint16_t number = 0;      ///< Of the slot in its table.
    std::uint16_t generation = 0;  ///< Of its next capability's handle.

    /// The slot that has this as its `siblings`.
    static CapSlot& of(Link& siblings) {
        return *reinterpret_cast<CapSlot*>(reinterpret_cast<std::byte*>(&siblings) -
                                           sizeof(Capability));
    }
};
static_assert(sizeof(Capability) == 24 && sizeof(CapSlot) == 64);

}  // namespace exo
