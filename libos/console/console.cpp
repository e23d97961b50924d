// libos/console/console.cpp - the console: text out, buffered by line, and bytes in.
#include "libos/console/console.hpp"

#include <algorithm>
#include <cstring>

#include "libos/sys/handles.hpp"

namespace libos {

namespace {

constinit Console app_console(fixed::console);

}  // namespace

Console& console() { return app_console; }

void Console::write(std::string_view text) {
    const bool line_ends = text.find('\n') != text.npos;
    while (!text.empty()) {
        const auto taken = std::min(text.size(), sizeof buffer_ - used_);
        std::memcpy(buffer_ + used_, text.data(), taken);
        used_ += taken;
        text.remove_prefix(taken);
        if (used_ == sizeof buffer_) flush();
    }
    if (line_ends) flush();
}

void Console::flush() {
    std::size_t done = 0;
    while (done < used_) {
        const auto taken = sys::console_write(handle_, buffer_ + done, used_ - done);
        if (!taken) break;
        done += *taken;
        if (*taken == 0) (void)sys::vcpu_yield();
    }
    used_ = 0;
}

lamina::Result<std::size_t> Console::read(std::span<char> buffer) {
    return sys::console_read(handle_, buffer.data(), buffer.size());
}

lamina::Result<void> Console::bind(lamina::Handle notification, std::uint64_t bits) {
    return sys::console_bind(handle_, notification, bits);
}

}  // namespace libos
