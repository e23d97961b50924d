// apps/crash_demo/crash_demo.cpp - an app that goes wrong in the way its argument names.
#include <cstdint>
#include <span>
#include <string_view>

#include "libos/console/console.hpp"
#include "libos/rt/app.hpp"

namespace {

// What the optimizer must not know.
constinit volatile int zero = 0;
constinit volatile int one = 1;
constinit volatile std::uint64_t sink = 0;
constinit int* volatile nowhere = nullptr;

}  // namespace

extern "C" {

[[gnu::noinline]] void crash_null() { *static_cast<volatile int*>(nowhere) = 1; }

[[gnu::noinline]] void crash_div() { sink = std::uint64_t(one / zero); }

[[gnu::noinline]] void crash_opcode() { asm volatile("ud2"); }

[[gnu::noinline]] std::uint64_t crash_stack(std::uint64_t depth) {
    volatile std::uint64_t frame[32];
    frame[depth % 32] = depth;
    sink = depth;
    if (zero == 0) return crash_stack(depth + 1) + frame[depth % 32];
    return frame[0];
}

[[gnu::noinline]] void crash_loop() {
    for (;;)
        sink = sink + 1;
}

}  // extern "C"

int lamina_main(std::span<const std::string_view> arguments) {
    const auto how = arguments.size() == 2 ? arguments[1] : std::string_view();
    if (how == "null")
        crash_null();
    else if (how == "div")
        crash_div();
    else if (how == "opcode")
        crash_opcode();
    else if (how == "stack")
        sink = crash_stack(0);
    else if (how == "loop")
        crash_loop();
    libos::print("usage: crash_demo null|div|opcode|stack|loop\n");
    return 2;
}
