// apps/shell/frame_figures.hpp - FrameFigures: what page frames are used for, and what must hold of
// that.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>

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

/// The rule of conservation that figures and an account break, in words; empty if they keep all.
constexpr std::string_view broken_rule(const FrameFigures& frames, const lamina::CapInfo& account) {
    if (frames.free > frames.total) return "no more frames are free than there are";
    if (frames.free + frames.kernel + frames.tables + frames.user != frames.total)
        return "free, kernel, tables and user add up to total";
    if (account.used > account.count) return "an account uses no more than its quota";
    if (account.count > frames.total) return "a quota is no more than there is";
    return {};
}

/// What most of some frames are, as a letter of `memstats --frames`.
constexpr char letter_of(std::span<const lamina::FrameEntry> frames) {
    constexpr std::string_view letters = "-.ktu";
    // By lamina::FrameState.
    constexpr unsigned kinds[] = {0, 1, 1, 2, 2, 3, 3, 4, 4};
    std::uint64_t counts[letters.size()] = {};
    for (const lamina::FrameEntry& frame : frames)
        ++counts[kinds[std::size_t(frame.state) % std::size(kinds)]];
    return letters[std::size_t(std::ranges::max_element(counts) - counts)];
}

}  // namespace shell
