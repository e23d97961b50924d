// exokernel/core/log.hpp - the kernel log: whole lines, each from one subsystem, to one sink.
#pragma once

#include <string_view>

#include "exokernel/core/text.hpp"

namespace exo {

/// Where finished log lines go (without the line end). Must not wait for another CPU.
using LogSink = void (*)(std::string_view line);

/// Names the sink; lines logged before the first one are lost. Needs: boot, one CPU.
void set_log_sink(LogSink sink);

/// Gives a finished line to the sink.
void log_line(const TextLine& line);

/// Logs `subsystem: parts...`; parts are text, unsigned numbers or Hex.
template <typename... Parts>
void log(std::string_view subsystem, const Parts&... parts) {
    TextLine line;
    line.add(subsystem).add(": ");
    (line.add(parts), ...);
    log_line(line);
}

}  // namespace exo
