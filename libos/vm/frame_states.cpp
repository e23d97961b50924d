// libos/vm/frame_states.cpp - the frame table, and runs of free frames that are where one wants
// them.
#include "libos/vm/frame_states.hpp"

#include "libos/vm/mapping.hpp"

namespace libos {

namespace {

constinit std::span<const lamina::FrameEntry> mapped;

}  // namespace

lamina::Result<std::span<const lamina::FrameEntry>> frame_states() {
    if (mapped.empty()) {
        lamina::CapInfo info = {};
        LAMINA_CHECK(sys::cap_inspect(fixed::frame_states, &info));
        LAMINA_TRY(Mapping mapping,
                   Mapping::create(fixed::frame_states, 0, info.count, lamina::Protection::read));
        const auto bytes = mapping.release();
        mapped = {reinterpret_cast<const lamina::FrameEntry*>(bytes.data()),
                  bytes.size() / sizeof(lamina::FrameEntry)};
    }
    return mapped;
}

lamina::Result<OwnedHandle> alloc_frames_in(lamina::Handle account, std::uint64_t count,
                                            FramePlace place) {
    if (count == 0 || place.step == 0) return lamina::fail(lamina::Status::bad_argument);
    LAMINA_TRY(const auto frames, frame_states());
    for (std::uint64_t from = 0;;) {
        const auto first = find_free_run(frames, count, place, from);
        if (!first) return lamina::fail(lamina::Status::not_free);
        auto made = own(sys::frames_alloc_at(account, *first, count));
        // Somebody else may have been faster.
        if (made || made.error() != lamina::Status::not_free) return made;
        from = *first + 1;
    }
}

}  // namespace libos
