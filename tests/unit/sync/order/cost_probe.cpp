// tests/unit/sync/order/cost_probe.cpp - counts the instructions of lock and unlock, one by one.
#include <signal.h>

#include <array>
#include <cstdio>

#include "lamina/sync/held.hpp"
#include "lamina/sync/host_platform.hpp"
#include "lamina/sync/spin_lock.hpp"

using namespace lamina::sync;

namespace {

struct Platform : HostPlatform {
    using Stack = HeldStack<64>;
    static constexpr bool has_interrupts = false;
    static Stack& held() { return stack; }
    static bool interrupts_enabled() { return false; }
    static void report(const Report& report) { std::printf("report %s\n", name_of(report.what)); }
    static void panic(const Report&) { __builtin_trap(); }
    static inline constinit thread_local Stack stack{};
};
struct Policy {
    static Validator<Platform>& validator() { return made; }
    static inline constinit Validator<Platform> made{Mode::off};
};

template <int level>
struct Class {
    static constexpr int rank = level;
    static constexpr auto name = "class";
};

using Raw = SpinLock<HostPlatform>;
using Innermost = Class<100>;

Raw raw;
ValidatedLock<Innermost, Raw, Unvalidated> unvalidated;
ValidatedLock<Innermost, Raw, Policy> validated;

volatile unsigned long steps;

void count_step(int) { steps = steps + 1; }

/// The instructions `f` takes, its call and return included: the trap flag interrupts after each.
unsigned long count(void (*f)()) {
    // Once before, for what happens only the first time.
    f();
    steps = 0;
    asm volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
    f();
    asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
    return steps;
}

template <int level>
ValidatedLock<Class<level>, Raw, Policy> other;

/// The same with `held` locks held, of the levels from `level` on.
template <int level = 1>
unsigned long count_with_held(unsigned held, void (*f)()) {
    if (held == 0) return count(f);
    if constexpr (level <= 8) {
        other<level>.lock();
        const unsigned long counted = count_with_held<level + 1>(held - 1, f);
        other<level>.unlock();
        return counted;
    }
    return 0;
}

}  // namespace

// Not static, so that the disassembly of the two can be compared by name.
[[gnu::noinline]] void pair_of_raw() {
    raw.lock();
    raw.unlock();
}
[[gnu::noinline]] void pair_of_unvalidated() {
    unvalidated.lock();
    unvalidated.unlock();
}
[[gnu::noinline]] void pair_of_validated() {
    validated.lock();
    validated.unlock();
}

/// The same around data, by hand and by guards.
unsigned counter;
Guarded<Innermost, unsigned, ValidatedLock<Innermost, Raw, Unvalidated>> guarded{0U};

[[gnu::noinline]] void count_by_hand() {
    raw.lock();
    ++counter;
    raw.unlock();
}
[[gnu::noinline]] void count_guarded() {
    Entry<Unvalidated> entry;
    Held held{guarded, entry};
    ++*held;
}

int main() {
    struct sigaction action{};
    action.sa_handler = count_step;
    sigaction(SIGTRAP, &action, nullptr);
    std::printf("raw %lu\n", count(pair_of_raw));
    std::printf("unvalidated %lu\n", count(pair_of_unvalidated));
    std::printf("by-hand %lu\n", count(count_by_hand));
    std::printf("guarded %lu\n", count(count_guarded));
    std::printf("off %lu\n", count(pair_of_validated));
    Policy::validator().set_mode(Mode::warn);
    for (const unsigned held : {0U, 1U, 8U})
        std::printf("held-%u %lu\n", held, count_with_held(held, pair_of_validated));
    return 0;
}
