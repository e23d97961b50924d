// exokernel/boot/hooks.hpp - where a test-only kernel image can do something in ring 0.
#pragma once

#include <string_view>

namespace exo::boot {

/// Called when everything is set up, before the first user instruction. The shipped kernel links
/// the one that does nothing.
void before_user_mode(std::string_view command_line);

}  // namespace exo::boot
