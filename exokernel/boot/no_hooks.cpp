// exokernel/boot/no_hooks.cpp - the shipped kernel does nothing before init.
#include "exokernel/boot/hooks.hpp"

namespace exo::boot {

void before_init(std::string_view) {}

}  // namespace exo::boot
