// exokernel/memory/frame_info.hpp - FrameInfo: what the kernel knows of each page frame.
#pragma once

#include <cstdint>

#include "exokernel/cap/capability.hpp"
#include "exokernel/memory/account.hpp"
#include "lamina/frame_use.hpp"

namespace exo {

using lamina::FrameState;

/// One entry a frame, in a cache line of its own. Which fields mean something depends on the state;
/// those of Object, for run_head only: capabilities, mapped pages and the areas of vCPUs refer to a
/// run. Environments see it as a lamina::FrameEntry.
struct alignas(64) FrameInfo : Object {
    FrameState state = FrameState::reserved;
    std::uint8_t order = 0;      ///< free_head. mappings: the level of the table.
    std::uint32_t extent = 0;    ///< run_head: frames in the run. run_tail: distance to the head.
    std::uint32_t next = 0;      ///< free_head: the next one of its order; 0 ends the list.
    std::uint32_t previous = 0;  ///< free_head: the one before; 0 for the first.
    /// table of level 1 to 3: the frames of links of each half, 0 for none. mappings: the frame of
    /// the table, and the first address they are for / 1 MiB.
    std::uint32_t links[2] = {};
    Account* account = nullptr;  ///< object, table, run_head and the like: who pays.
    void* owner = nullptr;       ///< capabilities: the CapTable. mappings: the AddressSpace.
    Link roots;  ///< run_head: the ring of what refers to it and was derived from nothing else.
};
static_assert(sizeof(FrameInfo) == 64);

}  // namespace exo
