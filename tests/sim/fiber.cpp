// tests/sim/fiber.cpp - starting, resuming and pausing fibers.
#include "tests/sim/fiber.hpp"

#include <cstdint>
#include <cstdlib>

#include "tests/stack_switch/stack_switch.hpp"

namespace sim {
namespace {

Fiber* running = nullptr;

}  // namespace

Fiber::Fiber() : stack_(std::make_unique_for_overwrite<std::byte[]>(stack_bytes)) {}

void Fiber::start(Body body, void* argument) {
    body_ = body;
    argument_ = argument;
    // At the first resume, tests_switch_stack pops six registers and returns to run(), which finds
    // the stack as after a call: 8 bytes below a multiple of 16 (System V ABI for x86-64, 3.2.2).
    auto top = reinterpret_cast<std::uintptr_t>(stack_.get() + stack_bytes) & ~std::uintptr_t{15};
    auto* words = reinterpret_cast<void**>(top);
    *--words = nullptr;
    *--words = reinterpret_cast<void*>(&Fiber::run);
    for (int i = 0; i < 6; ++i)
        *--words = nullptr;
    inside_ = words;
}

void Fiber::run() {
    running->body_(running->argument_);
    std::abort();
}

void Fiber::resume() {
    running = this;
    tests_switch_stack(&outside_, inside_);
    running = nullptr;
}

void Fiber::pause() { tests_switch_stack(&inside_, outside_); }

}  // namespace sim
