// libos/linux/unserved.hpp - the system calls that were answered with ENOSYS, counted by name.
#pragma once

#include "libos/text/text.hpp"

namespace libos::linux_abi {

/// Writes a line for each call that was made and is not served: `libos: not served: clone3 2`.
void print_unserved(TextSink& sink);

}  // namespace libos::linux_abi
