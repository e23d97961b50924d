// exokernel/core/log.hpp - the kernel log: whole lines, each from one subsystem, to one sink.
#pragma once

#include <string_view>

#include "exokernel/core/text.hpp"

namespace exo {

/// Where finished log lines go (without the line end).
using LogSink = void (*)(std::string_view line);

/// Names the sink; lines logged before the first one are lost. `sink_now` is for log_now(), and
/// must neither take a lock nor ask which CPU this is; null: the same. Needs: boot, one CPU.
void set_log_sink(LogSink sink, LogSink sink_now = nullptr);

/// Gives a finished line to a sink.
void log_line(const TextLine& line);
void log_line_now(const TextLine& line);

/// Logs `subsystem: parts...`; parts are text, unsigned numbers or Hex. Waits for other CPUs'
/// lines.
template <typename... Parts>
void log(std::string_view subsystem, const Parts&... parts) {
    TextLine line;
    line.add(subsystem).add(": ");
    (line.add(parts), ...);
    log_line(line);
}

/// The same without waiting for anybody: for what may have interrupted another line, and for the
/// end of the machine.
template <typename... Parts>
void log_now(std::string_view subsystem, const Parts&... parts) {
    TextLine line;
    line.add(subsystem).add(": ");
    (line.add(parts), ...);
    log_line_now(line);
}

/// Logs what user programs can cause: at most `burst` lines in each second. When lines are let
/// through again it says how many were left out.
class LimitedLog {
public:
    static constexpr std::uint32_t burst = 100;

    template <typename... Parts>
    void log(std::uint64_t now_ns, std::string_view subsystem, const Parts&... parts) {
        if (admit(now_ns)) exo::log(subsystem, parts...);
    }

private:
    bool admit(std::uint64_t now_ns);

    std::uint64_t second_ = 0;
    std::uint32_t admitted_ = 0;
    std::uint64_t left_out_ = 0;
};

}  // namespace exo
