// tests/unit/sync/order/freestanding_probe.cpp - everything about order, as a kernel would use it.
#include <string_view>

#include "lamina/sync/contended.hpp"
#include "lamina/sync/held.hpp"
#include "lamina/sync/order_export.hpp"
#include "lamina/sync/report_text.hpp"
#include "lamina/sync/rw_lock.hpp"
#include "lamina/sync/spin_lock.hpp"

using namespace lamina::sync;

struct KernelPlatform {
    template <typename T>
    using Atomic = MachineAtomic<T>;
    using InterruptState = bool;
    using Stack = HeldStack<64>;
    static constexpr std::uint32_t slots_max = 8;
    static constexpr bool has_interrupts = true;

    static std::uint32_t slot();
    static std::uint32_t node() { return 0; }
    static void relax() { __builtin_ia32_pause(); }
    static std::uint64_t now();
    static Stack& held() { return stacks[slot()]; }
    static bool interrupts_enabled();
    static bool mask_interrupts();
    static void restore_interrupts(bool were_enabled);
    static void log(std::string_view text);
    static void report(const Report& report) { write_report(log, report); }
    [[noreturn]] static void panic(const Report&) { __builtin_trap(); }

    static inline constinit Stack stacks[slots_max]{};
};

struct KernelOrder {
    static Validator<KernelPlatform>& validator() { return made; }
    static inline constinit Validator<KernelPlatform> made{Mode::panic};
};

struct TableLock {
    static constexpr Rank rank = Rank::memory;
    static constexpr auto name = "table";
};
struct PoolLock {
    static constexpr Rank rank = step<1>(Rank::memory);
    static constexpr auto name = "pool";
};

using Statistics = CountingStatistics<KernelPlatform>;
using Spin = SpinLock<KernelPlatform, Statistics>;
using Readers = RwLock<KernelPlatform, Statistics>;
constinit Guarded<TableLock, int, ValidatedLock<TableLock, Readers, KernelOrder>> table{0};
constinit Guarded<PoolLock, int, ValidatedLock<PoolLock, Spin, KernelOrder>> pool{0};
constinit Guarded<PoolLock, int, ValidatedLock<PoolLock, Spin, KernelOrder>> other{0};

int system_call() {
    Entry<KernelOrder> entry;
    HeldShared reader{table, entry};
    HeldPair both{pool, other, reader};
    return both.first() + both.second() + *reader;
}

void interrupt() {
    Validator<KernelPlatform>::InterruptScope scope(KernelOrder::validator());
    TryHeld tried{pool};
    if (tried) ++**tried;
}

void dump() {
    write_dot(KernelOrder::validator(), KernelPlatform::log);
    write_json(KernelOrder::validator(), KernelPlatform::log);
    TopContended<> top;
    top.add("pool", pool.raw_lock().statistics().read());
    top.write(KernelPlatform::log);
}
