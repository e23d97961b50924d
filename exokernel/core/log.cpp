// exokernel/core/log.cpp - how much of what user programs cause is logged.
#include "exokernel/core/log.hpp"

namespace exo {

bool LimitedLog::admit(std::uint64_t now_ns) {
    constexpr std::uint64_t ns_per_s = 1'000'000'000;
    if (const std::uint64_t second = now_ns / ns_per_s; second != second_) {
        second_ = second;
        admitted_ = 0;
        if (left_out_ != 0) exo::log("log", left_out_, " lines left out");
        left_out_ = 0;
    }
    if (admitted_++ < burst) return true;
    ++left_out_;
    return false;
}

}  // namespace exo
