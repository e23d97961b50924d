// tests/unit/sync/order/program.hpp - the policy of a test program with real threads and locks.
#pragma once

#include <mutex>
#include <vector>

#include "lamina/sync/held.hpp"
#include "lamina/sync/host_platform.hpp"

namespace order_test {

using namespace lamina::sync;

/// Keeps the reports of all threads.
struct ProgramPlatform : HostPlatform {
    using Stack = HeldStack<64>;
    static constexpr bool has_interrupts = false;
    struct Panic {};

    static Stack& held() {
        static thread_local constinit Stack stack{};
        return stack;
    }
    static bool interrupts_enabled() { return false; }
    static void report(const Report& report) {
        if (on_report != nullptr) on_report();
        const std::lock_guard guard(mutex);
        reports.push_back(report);
    }
    [[noreturn]] static void panic(const Report&) { throw Panic{}; }
    static std::vector<Report> take_reports() {
        const std::lock_guard guard(mutex);
        return std::exchange(reports, {});
    }

    static inline std::mutex mutex;
    static inline std::vector<Report> reports;
    static inline void (*on_report)() = nullptr;
};

/// One program, with a validator of its own, for each `Tag`: what one learned no other knows.
template <typename Tag>
struct Program {
    static Validator<ProgramPlatform>& validator() {
        static constinit Validator<ProgramPlatform> validator(Mode::warn, EqualLevels::learn);
        return validator;
    }
};

}  // namespace order_test
