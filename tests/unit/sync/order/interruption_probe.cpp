// tests/unit/sync/order/interruption_probe.cpp - a handler that takes locks, after every
// instruction.
#include <signal.h>

#include <cstdio>

#include "lamina/sync/host_platform.hpp"
#include "lamina/sync/spin_lock.hpp"
#include "lamina/sync/validated_lock.hpp"

using namespace lamina::sync;

namespace {

struct Platform : HostPlatform {
    using Stack = HeldStack<64>;
    static constexpr bool has_interrupts = true;
    static Stack& held() { return stack; }
    static bool interrupts_enabled() { return enabled; }
    static void report(const Report& report) {
        std::printf("report %s\n", name_of(report.what));
        ++reports;
    }
    static void panic(const Report&) { __builtin_trap(); }
    static inline constinit Stack stack{};
    static inline bool enabled = false;
    static inline unsigned reports = 0;
};
struct Policy {
    static Validator<Platform>& validator() { return made; }
    static inline constinit Validator<Platform> made{Mode::warn};
};

template <int level>
struct Class {
    static constexpr int rank = level;
    static constexpr auto name = "class";
};

template <int level>
ValidatedLock<Class<level>, SpinLock<HostPlatform>, Policy> locked;

unsigned interrupts = 0;
unsigned wrong = 0;

/// What a handler may do: it takes locks, in its own order, and gives all of them back.
void handle(int) {
    ++interrupts;
    const auto& stack = Platform::stack;
    const auto mask = stack.mask.words;
    const unsigned depth = stack.depth, base = stack.base;
    {
        Validator<Platform>::InterruptScope scope(Policy::validator());
        locked<1>.lock();
        locked<2>.lock();
        locked<2>.unlock();
        locked<1>.unlock();
    }
    if (stack.mask.words != mask || stack.depth != depth || stack.base != base) ++wrong;
}

/// Whether the stack has nothing, or what a pair of these leaves.
void expect_held(unsigned depth) {
    const auto& stack = Platform::stack;
    Platform::Stack::N::Set mask;
    for (unsigned i = 0; i < stack.depth; ++i) {
        const OrderNode node = stack.node_of(stack.entries[i]);
        if (stack.entries[i].saved != mask.words[node / 64]) ++wrong;
        mask.add(node);
    }
    if (stack.depth != depth || mask.words != stack.mask.words) ++wrong;
}

/// From here on, and no longer: an interrupt after every instruction.
#define LAMINA_INTERRUPT asm volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc")
#define LAMINA_NO_INTERRUPT asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc")

[[gnu::noinline]] void nest() {
    locked<10>.lock();
    locked<20>.lock();
    locked<20>.unlock();
    locked<10>.unlock();
}

}  // namespace

int main() {
    // What is done the first time takes the validator's own lock, with interrupts masked.
    nest();
    handle(0);
    interrupts = 0;
    struct sigaction action{};
    action.sa_handler = handle;
    sigaction(SIGTRAP, &action, nullptr);
    LAMINA_INTERRUPT;
    nest();
    LAMINA_NO_INTERRUPT;
    expect_held(0);
    locked<10>.lock();
    LAMINA_INTERRUPT;
    locked<20>.lock();
    LAMINA_NO_INTERRUPT;
    expect_held(2);
    LAMINA_INTERRUPT;
    locked<20>.unlock();
    LAMINA_NO_INTERRUPT;
    expect_held(1);
    locked<10>.unlock();
    expect_held(0);
    std::printf("interrupts %u wrong %u reports %u\n", interrupts, wrong, Platform::reports);
    return wrong != 0 || Platform::reports != 0 ? 1 : 0;
}
