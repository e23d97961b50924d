// exokernel/boot/hooks.hpp - where a test-only kernel image can do something in ring 0.
#pragma once

#include <string_view>

namespace exo::boot {

/// Called before the first environment is made. The shipped kernel links the one that does nothing.
void before_init(std::string_view command_line);

}  // namespace exo::boot
