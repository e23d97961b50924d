// libos/vm/frame_states.hpp - the frame table, and runs of free frames that are where one wants
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "lamina/frame_state.hpp"
#include "lamina/result.hpp"
#include "libos/sys/handles.hpp"

namespace libos {

/// Where a run is to lie: its first frame's number is `remainder` modulo `step`. With the number of
/// a cache's colours as the step a single frame has that colour; with remainder 0 the run is
/// aligned to the step.
struct FramePlace {
    std::uint64_t step = 1;
    std::uint64_t remainder = 0;
};

/// The first run of `count` free frames in that place, from frame `from` on. Needs: count and step
/// are not 0. Cost: O(frames).
constexpr std::optional<std::uint64_t> find_free_run(std::span<const lamina::FrameEntry> frames,
                                                     std::uint64_t count, FramePlace place,
                                                     std::uint64_t from = 0) {
    const std::uint64_t ahead =
        (place.remainder % place.step + place.step - from % place.step) % place.step;
    for (std::uint64_t first = from + ahead;
         first < frames.size() && count <= frames.size() - first; first += place.step) {
        std::uint64_t free = 0;
        while (free < count && frames[first + free].is_free())
            ++free;
        if (free == count) return first;
    }
    return {};
}

/// The frame table, mapped by the first call. Errors: bad_handle without a capability for it, and
/// those of mapping.
lamina::Result<std::span<const lamina::FrameEntry>> frame_states();

/// Allocates a run of free frames in a place. Errors: those of frame_states and frames_alloc_at;
/// bad_argument (count or step 0); not_free if there is no such run.
lamina::Result<OwnedHandle> alloc_frames_in(lamina::Handle account, std::uint64_t count,
                                            FramePlace place);

}  // namespace libos
