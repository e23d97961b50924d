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

}  // namespace exo
