// exokernel/memory/frame_info.hpp - FrameInfo: what the kernel knows of each page frame.
#pragma once

#include <cstdint>

#include "exokernel/cap/capability.hpp"
#include "exokernel/memory/account.hpp"

namespace exo {

enum class FrameState : std::uint8_t {
    reserved = 0,  ///< Not memory, or the firmware's or the kernel image's: never handed out.
    free,          ///< Belongs to a free block, or lies in a CPU's cache.
    free_head,     ///< First frame of a free block of 2^order frames; linked.
    object,        ///< A kernel object.
    capabilities,  ///< A page of a capability table.
    table,         ///< A page table.
    mappings,      ///< Links of the pages that half a page table maps (page_tables.hpp).
    run_head,      ///< First frame of a run that Frames capabilities and mappings refer to.
    run_tail,      ///< Another frame of it.
};

/// One entry a frame. Which fields mean something depends on the state; those of Object, for
/// run_head only: capabilities, mapped pages and the areas of vCPUs refer to a run.
struct FrameInfo : Object {
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
