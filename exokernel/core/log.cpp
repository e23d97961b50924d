// exokernel/core/log.cpp - the kernel log's sink.
#include "exokernel/core/log.hpp"

#include "exokernel/core/after_init.hpp"

namespace exo {
namespace {

LAMINA_AFTER_INIT LogSink current_sink = nullptr;
LAMINA_AFTER_INIT LogSink current_sink_now = nullptr;

}  // namespace

void set_log_sink(LogSink sink, LogSink sink_now) {
    current_sink = sink;
    current_sink_now = sink_now != nullptr ? sink_now : sink;
}

void log_line(const TextLine& line) {
    if (current_sink != nullptr) current_sink(line.view());
}

void log_line_now(const TextLine& line) {
    if (current_sink_now != nullptr) current_sink_now(line.view());
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
