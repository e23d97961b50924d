// exokernel/driver/log_port/log_port.hpp - the serial line that the kernel log goes to.
#pragma once

namespace exo {

/// Sets COM2 up, which log_line() writes to. Needs: nothing was logged yet.
void start_log_port();

}  // namespace exo
