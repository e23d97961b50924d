// exokernel/cap/capability.hpp - Capability: one entry of an environment's table.
#pragma once

#include <bit>
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
    ObjectType type;
    /// Revocations that go on: while there are any, nobody derives from a capability for it.
    std::uint16_t revokers;
    std::uint32_t references;
};

/// An object, what may be done with it, and the generation that makes old handles stale.
struct Capability {
    ObjectType type = ObjectType::none;
    /// Whether it keeps its object alive. An environment's capability for itself does not.
    bool counted = true;
    std::uint16_t generation = 0;
    Rights rights = Rights::none;
    Object* object = nullptr;
    /// Frames: the first page frame and how many pages.
    std::uint32_t first = 0;
    std::uint32_t count = 0;

    bool used() const { return type != ObjectType::none; }

    /// Whether this is what `handle` names, of a type that is not none: one comparison of the first
    /// word without `counted`, as the upper half of a handle is the generation.
    bool is(Handle handle, ObjectType wanted) const {
        std::uint32_t word;
        static_assert(offsetof(Capability, generation) == 2 &&
                      std::endian::native == std::endian::little);
        __builtin_memcpy(&word, this, sizeof word);
        return (word & 0xffff'00ff) ==
               ((std::uint32_t(handle) & 0xffff'0000) | std::uint32_t(wanted));
    }
};

/// A capability in a table, and its place in the derivation tree: `children` is the head of the
/// ring of what was made from it (capabilities, mapped pages, areas of vCPUs), oldest first;
/// `siblings` is its own link in such a ring. What an object's creation gave is in a ring without a
/// head.
struct alignas(64) CapSlot : Capability {
    Link siblings;
    Link children;
    std::uint32_t number = 0;  ///< Of the slot in its table.

    /// The slot that has this as its `siblings`.
    static CapSlot& of(Link& siblings) {
        return *reinterpret_cast<CapSlot*>(reinterpret_cast<std::byte*>(&siblings) -
                                           sizeof(Capability));
    }
};
static_assert(sizeof(Capability) == 24 && sizeof(CapSlot) == 64);

}  // namespace exo
