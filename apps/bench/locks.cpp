// apps/bench/locks.cpp - what the locks of include/lamina/sync cost without a wait.
#include "apps/bench/locks.hpp"

#include <array>
#include <cstdint>
#include <tuple>

#include "apps/bench/cpu_platform.hpp"
#include "apps/bench/measure.hpp"
#include "lamina/sync/adaptive_mutex.hpp"
#include "lamina/sync/rw_lock.hpp"
#include "lamina/sync/sequence.hpp"
#include "lamina/sync/spin_lock.hpp"
#include "lamina/sync/token.hpp"
#include "lamina/sync/validated_lock.hpp"

namespace bench {

namespace {

using namespace lamina::sync;

/// The validator's platform: reports are counted, as a figure with one in it is worth nothing.
struct OrderedPlatform : CpuPlatform {
    using Stack = HeldStack<64>;
    static constexpr bool has_interrupts = false;

    static Stack& held() { return held_; }
    static bool interrupts_enabled() { return false; }
    static void report(const Report&) { ++reports; }
    static void panic(const Report&) { ++reports; }

    static inline constinit std::uint64_t reports = 0;

private:
    static inline constinit Stack held_{};
};

struct Policy {
    static Validator<OrderedPlatform>& validator() {
        static constinit Validator<OrderedPlatform> validator(Mode::off);
        return validator;
    }
};

template <unsigned depth>
struct Nested {
    static constexpr unsigned rank = depth + 1;
    static constexpr auto name = "nested";
};
template <unsigned depth>
using Followed = ValidatedLock<Nested<depth>, SpinLock<CpuPlatform>, Policy>;

constexpr unsigned held_most = 8;
constinit Followed<held_most> wanted;
constinit std::tuple<Followed<0>, Followed<1>, Followed<2>, Followed<3>, Followed<4>, Followed<5>,
                     Followed<6>, Followed<7>>
    outer;

/// A lock and its release.
template <typename Lock>
std::uint64_t pair_of(Lock& lock) {
    return measure([&] {
        lock.lock();
        lock.unlock();
    });
}

/// The same with the first `count` of `outer` held.
template <unsigned count>
std::uint64_t pair_inside() {
    if constexpr (count == 0) {
        return pair_of(wanted);
    } else {
        std::get<held_most - count>(outer).lock();
        const std::uint64_t pair = pair_inside<count - 1>();
        std::get<held_most - count>(outer).unlock();
        return pair;
    }
}

/// What validation adds to a pair: in mode off, and on, with so many others held.
void measure_validator(std::uint64_t pair) {
    row("validator_off", pair_of(wanted) - pair);
    Policy::validator().set_mode(Mode::warn);
    row("validator_on", pair_inside<0>() - pair);
    row("validator_on_1_held", pair_inside<1>() - pair);
    row("validator_on_8_held", pair_inside<held_most>() - pair);
}

using Words = std::array<std::uint64_t, 4>;

constinit SpinLock<CpuPlatform> spin_lock;
constinit AdaptiveMutex<ThreadPlatform> mutex;
constinit RwLock<CpuPlatform> rw_lock;
constinit CpuToken<CpuPlatform> token;
constinit Snapshot<Words, CpuPlatform> snapshot;
constinit Words words{};

}  // namespace

int measure_locks() {
    const std::uint64_t pair = pair_of(spin_lock);
    row("spin_lock", pair);
    row("adaptive_mutex", pair_of(mutex));
    row("rw_lock_write", pair_of(rw_lock));
    row("rw_lock_read", measure([] {
            rw_lock.lock_shared();
            rw_lock.unlock_shared();
        }));
    row("token", pair_of(token));
    row("snapshot_store", measure([] { snapshot.store(words); }));
    row("snapshot_load", measure([] { words = snapshot.load(); }));
    measure_validator(pair);
    if (OrderedPlatform::reports == 0) return 0;
    libos::print("bench: the validator complained\n");
    return 1;
}

}  // namespace bench
