// include/lamina/frame_state.hpp - the frame table as an environment sees it that may map it.
#pragma once

#include <cstdint>

#include "lamina/frame_use.hpp"

namespace lamina {

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
