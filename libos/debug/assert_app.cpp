// libos/debug/assert_app.cpp - how an app ends when it finds a mistake of its own.
#include <string_view>

#include "libos/debug/assert.hpp"
#include "libos/sys/handles.hpp"
#include "libos/text/text.hpp"

namespace libos {

namespace {

// Not the app's console object: that may be what is broken.
[[noreturn]] void say_and_end(std::string_view text) {
    while (!text.empty()) {
        const auto taken = sys::console_write(fixed::console, text.data(), text.size());
        if (!taken) break;
        text.remove_prefix(*taken);
        if (*taken == 0) (void)sys::vcpu_yield();
    }
    (void)sys::env_end(fixed::self, status_aborted);
    __builtin_trap();
}

}  // namespace

void assertion_failed(const char* expression, const char* file, int line) {
    TextBuffer<256> text;
    put(text, file, ":", line, ": assertion failed: ", expression, "\n");
    say_and_end(text.view());
}

void panic(const char* why) {
    TextBuffer<256> text;
    put(text, "libos: ", why, "\n");
    say_and_end(text.view());
}

}  // namespace libos
