// include/lamina/frame_use.hpp - FrameState: what a page frame is used as.
#pragma once

#include <cstdint>

namespace lamina {

enum class FrameState : std::uint8_t {
    reserved = 0,  ///< Not memory, or the firmware's or the kernel image's: never handed out.
    free,          ///< Belongs to a free block, or lies in a CPU's cache.
    free_head,     ///< First frame of a free block of 2^order frames.
    object,        ///< A kernel object.
    capabilities,  ///< A page of a capability table.
    table,         ///< A page table.
    mappings,      ///< What the kernel notes of mapped pages.
    run_head,      ///< First frame of a run that Frames capabilities and mappings refer to.
    run_tail,      ///< Another frame of it.
};

}  // namespace lamina
