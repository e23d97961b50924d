// libos/rt/app.hpp - an app's program, and how it ends itself.
#pragma once

#include <span>
#include <string_view>

namespace libos {

/// The status of an app that could not be started: built for another ABI, or a damaged start block.
inline constexpr int status_start_failed = 122;

/// Writes out what the console still holds and ends the environment with the low eight bits of
/// `status`.
[[noreturn]] void exit(int status);

}  // namespace libos

/// The app's own program, called once with the app's name and arguments; its result is the app's
/// status.
int lamina_main(std::span<const std::string_view> arguments);
