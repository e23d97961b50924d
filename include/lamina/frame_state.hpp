// include/lamina/frame_state.hpp - the frame table as an environment sees it that may map it.
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

/// One for each page frame, from number 0 on, in pages that may only be read. The kernel changes
/// them at any time, without a sequence count: what is read is a hint, and frames_alloc_at decides.
/// The other bytes are the kernel's own: they mean nothing that lasts. Addresses of the kernel are
/// among them, which are no secret.
struct FrameEntry {
    std::uint8_t kernels[4];
    std::uint32_t references;  ///< run_head: capabilities, mapped pages and vCPU areas.
    FrameState state;
    std::uint8_t order;  ///< free_head.
    std::uint8_t kernels_too[2];
    std::uint32_t extent;  ///< run_head: frames in the run. run_tail: distance to its head.
    std::uint8_t kernels_rest[48];

    constexpr bool is_free() const {
        return state == FrameState::free || state == FrameState::free_head;
    }
};
static_assert(sizeof(FrameEntry) == 64);

}  // namespace lamina
