// exokernel/cap/capability.hpp - Capability: one entry of an environment's table.
#pragma once

#include <cstdint>

#include "lamina/result.hpp"
#include "lamina/rights.hpp"

namespace exo {

using lamina::Handle;
using lamina::ObjectType;
using lamina::Result;
using lamina::Rights;
using lamina::Status;

/// The head of every kernel object that capabilities refer to.
struct Object {
    ObjectType type;
    std::uint32_t references;
};

/// An object, what may be done with it, and the generation that makes old handles stale.
struct Capability {
    ObjectType type = ObjectType::none;
    /// Whether it keeps its object alive. An environment's capability for itself does not.
    bool counted = true;
    std::uint16_t generation = 0;
    Rights rights = Rights::none;
    /// The object; not used for Frames.
    Object* object = nullptr;
    /// Frames: the first page frame and how many pages. The run they belong to counts references.
    std::uint32_t first = 0;
    std::uint32_t count = 0;

    bool used() const { return type != ObjectType::none; }
};
static_assert(sizeof(Capability) == 24);

}  // namespace exo
