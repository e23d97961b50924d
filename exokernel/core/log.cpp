// exokernel/core/log.cpp - the kernel log's sink.
#include "exokernel/core/log.hpp"

namespace exo {
namespace {

LogSink current_sink = nullptr;

}  // namespace

void set_log_sink(LogSink sink) { current_sink = sink; }

void log_line(const TextLine& line) {
    if (current_sink != nullptr) current_sink(line.view());
}

bool LimitedLog::admit(std::uint64_t now_ns) {
    constexpr std::uint64_t ns_per_s = 1'000'000'000;
    if (const std::uint64_t second = now_ns / ns_per_s; second != second_) {
        second_ = second;
        admitted_ = 0;
        if (left_out_ != 0) exo::log("log", left_out_, " lines left out");
        left_out_ = 0;
    }
    if (admitted_ == burst) {
        ++left_out_;
        return false;
    }
    ++admitted_;
    return true;
}

}  // namespace exo
