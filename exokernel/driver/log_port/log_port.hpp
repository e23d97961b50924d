// exokernel/driver/log_port/log_port.hpp - the serial line that the kernel log goes to.
#pragma once

namespace exo {

/// Sets COM2 up and makes it the log's sink. From then on lines of several CPUs do not mix.
void start_log_port();

}  // namespace exo
