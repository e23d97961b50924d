// exokernel/boot/no_hooks.cpp - the shipped kernel does nothing more before user mode.
#include "exokernel/boot/hooks.hpp"

namespace exo::boot {

void before_user_mode(std::string_view) {}

}  // namespace exo::boot
