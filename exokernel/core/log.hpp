// exokernel/core/log.hpp - the kernel log: whole lines, each from one subsystem.
#pragma once

#include <string_view>

#include "exokernel/core/text.hpp"

namespace exo {

/// Write a finished line, without its end, to where the log goes. The driver of its port has them,
/// and each host test its own. log_line_now() must neither take a lock nor ask which CPU this is.
void log_line(std::string_view line);
void log_line_now(std::string_view line);

/// Logs `subsystem: parts...`; parts are text, unsigned numbers or Hex. Waits for other CPUs'
/// lines.
void log(std::string_view subsystem, const auto&... parts) {
    TextLine line;
    line.add(subsystem).add(": ");
    (line.add(parts), ...);
    log_line(line.view());
}

/// The same without waiting for anybody: for what may have interrupted another line, and for the
/// end of the machine.
void log_now(std::string_view subsystem, const auto&... parts) {
    TextLine line;
    line.add(subsystem).add(": ");
    (line.add(parts), ...);
    log_line_now(line.view());
}

/// Logs what user programs can cause: at most `burst` lines in each second. When lines are let
/// through again it says how many were left out.
class LimitedLog {
public:
    static constexpr std::uint32_t burst = 100;

    void log(std::uint64_t now_ns, std::string_view subsystem, const auto&... parts) {
        if (admit(now_ns)) exo::log(subsystem, parts...);
    }

private:
    bool admit(std::uint64_t now_ns);

    std::uint64_t second_ = 0;
    std::uint32_t admitted_ = 0;
    std::uint64_t left_out_ = 0;
};

}  // namespace exo
