// apps/shell/frame_figures.hpp - FrameFigures: what page frames are used for, and what must hold of
// that.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

#include "lamina/frame_state.hpp"
#include "lamina/info.hpp"
#include "lamina/report.hpp"

namespace shell {

/// Page frames by use, from whichever source counted them.
struct FrameFigures {
    std::uint64_t total;
    std::uint64_t free;
    std::uint64_t kernel;
    std::uint64_t tables;
    std::uint64_t user;

    bool operator==(const FrameFigures&) const = default;
};

constexpr FrameFigures figures_of(const lamina::InfoPage& info) {
    return {info.frames_total, info.frames_free, info.frames_kernel, info.frames_tables,
            info.frames_user};
}

/// A use of FrameFigures for each lamina::FrameState; `total`: reserved.
constexpr std::uint64_t FrameFigures::* use_of(lamina::FrameState state) {
    using F = FrameFigures;
    constexpr std::uint64_t F::* uses[] = {&F::total,  &F::free,   &F::free, &F::kernel, &F::kernel,
                                           &F::tables, &F::tables, &F::user, &F::user};
    return uses[std::size_t(state) % std::size(uses)];
}

/// What the frame table shows, which anybody may change meanwhile. Cost: O(frames).
constexpr FrameFigures count(std::span<const lamina::FrameEntry> frames) {
    FrameFigures seen = {};
    for (const lamina::FrameEntry& frame : frames)
        ++(seen.*use_of(frame.state));
    seen.total = frames.size() - seen.total;
    return seen;
}

/// The rule of conservation that figures and an account break, in words; empty if they keep all.
constexpr std::string_view broken_rule(const FrameFigures& frames, const FrameFigures& seen,
                                       const lamina::CapInfo& account) {
    if (frames != seen) return "as many frames are used for each as the frame table shows";
    if (account.used > account.count) return "an account uses no more than its quota";
    if (account.count > frames.total) return "a quota is no more than there is";
    return {};
}

/// What most of some frames are, as a letter of `memstats --frames`.
constexpr char letter_of(std::span<const lamina::FrameEntry> frames) {
    FrameFigures seen = count(frames);
    seen.total = frames.size() - seen.total;
    constexpr std::pair<std::uint64_t FrameFigures::*, char> letters[] = {
        {&FrameFigures::total, '-'},  {&FrameFigures::free, '.'}, {&FrameFigures::kernel, 'k'},
        {&FrameFigures::tables, 't'}, {&FrameFigures::user, 'u'},
    };
    return std::ranges::max_element(letters, {}, [&](const auto& one) { return seen.*one.first; })
        ->second;
}

}  // namespace shell
