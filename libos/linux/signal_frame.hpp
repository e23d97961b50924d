// libos/linux/signal_frame.hpp - the frame a signal handler runs on, and going back from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lamina/vcpu.hpp"
#include "libos/linux/signal_abi.hpp"
#include "libos/linux/signals.hpp"

namespace libos::linux_abi {

/// An exception as the processor tells it; a signal by a call is told with the last one.
struct ExceptionWords {
    std::uint64_t vector;
    std::uint64_t error;
    std::uint64_t address;
};

/// Where the parts of a frame lie, from low to high:
///
///   frame (SignalFrame, 8 below a multiple of 16) | extended state (a multiple of 64) | end word
struct FramePlace {
    std::uint64_t frame;
    std::uint64_t extended;
    std::uint64_t end;

    static FramePlace below(std::uint64_t end, std::uint64_t extended_bytes);
};

/// The signal an exception is, with its reason; `signal` 0 for one that no program can take.
/// `mapped`: of a page fault, whether the program has the page. `extended`: the x87 and SSE state.
SignalInfo signal_of(const ExceptionWords& exception, std::uint64_t rip, bool mapped,
                     std::span<const std::byte> extended);

/// What a frame is made of.
struct FrameContents {
    SignalInfo info;
    SignalAction action;
    std::uint64_t mask;  ///< Blocked signals, to come back to.
    SignalStack stack;
    ExceptionWords exception;
};

/// A frame for a context, and the context of its handler. Pure: the caller puts the frame in place.
SignalFrame make_frame(const FrameContents& contents, const lamina::SavedContext& context,
                       const FramePlace& place);
lamina::SavedContext handler_context(const FrameContents& contents,
                                     const lamina::SavedContext& context, const FramePlace& place);

/// The context a frame says to go on with, flags as a program may set them.
lamina::SavedContext frame_context(const SignalContext& from);

/// Marks extended state as a frame's: the words of its legacy area, and the one behind it.
void mark_extended(std::span<std::byte> state, std::uint64_t features);

/// Whether XRSTOR would take it from `state` (Intel SDM vol. 1, 13.8.1): only features of
/// `features`, the standard form, no reserved bit of MXCSR.
bool is_loadable(std::span<const std::byte> state, std::uint64_t features);

}  // namespace libos::linux_abi
