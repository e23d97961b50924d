// exokernel/core/log.cpp - the kernel log's sink.
#include "exokernel/core/log.hpp"

#include "exokernel/core/after_init.hpp"

namespace exo {
namespace {

LAMINA_AFTER_INIT LogSink current_sink = nullptr;
bool writing = false;

}  // namespace

void set_log_sink(LogSink sink) { current_sink = sink; }

void log_line(const TextLine& line) {
    if (current_sink == nullptr) return;
    // An NMI or a fault may come while a line is being written: that one is ended first.
    const bool inside_another = writing;
    writing = true;
    if (inside_another) current_sink("");
    current_sink(line.view());
    writing = inside_another;
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
