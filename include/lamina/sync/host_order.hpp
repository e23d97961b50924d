// include/lamina/sync/host_order.hpp - HostOrder: a validator for the threads of a Linux program.
#pragma once

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <shared_mutex>

#include "lamina/sync/host_platform.hpp"
#include "lamina/sync/lock_guard.hpp"
#include "lamina/sync/report_text.hpp"
#include "lamina/sync/validated_lock.hpp"

namespace lamina::sync {

/// Reports go to standard error, or to whom set_reporter() names; a panic aborts. Signal handlers
/// must take no validated lock.
struct HostOrderPlatform : HostPlatform {
    using Stack = HeldStack<256>;
    using Reporter = void (*)(const Report&);

    static constexpr bool has_interrupts = false;

    static Stack& held() { return stack_; }
    static bool interrupts_enabled() { return false; }
    static void report(const Report& report) { reporter_.load()(report); }
    [[noreturn]] static void panic(const Report&) { std::abort(); }

    /// Who gets the reports from now on. It may be called on many threads at once.
    static void set_reporter(Reporter reporter) { reporter_.store(reporter); }

    /// Writes the report to standard error at once, so that those of several threads do not mix.
    static void print(const Report& report) {
        std::array<char, 4096> text;
        std::size_t size = 0;
        write_report(
            [&](std::string_view piece) {
                const std::size_t fits = std::min(piece.size(), text.size() - size);
                std::memcpy(text.data() + size, piece.data(), fits);
                size += fits;
            },
            report);
        [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), size);
    }

private:
    static inline constinit thread_local Stack stack_{};
    static inline constinit std::atomic<Reporter> reporter_{&print};
};

/// The program's validator. It warns; classes of the same rank learn their order.
struct HostOrder {
    static Validator<HostOrderPlatform>& validator() { return validator_; }

private:
    static inline constinit Validator<HostOrderPlatform> validator_{Mode::warn, EqualLevels::learn};
};

// The locks of the C++ library can be followed too.
template <>
struct LockTraits<std::mutex> : TraitsOf<WaitKind::blocks> {};
template <>
struct LockTraits<std::recursive_mutex> : TraitsOf<WaitKind::blocks, true> {};
template <>
struct LockTraits<std::shared_mutex> : TraitsOf<WaitKind::blocks, false, Access::shared> {};

/// A std::mutex, or another lock, of a class, followed by the program's validator.
template <typename Class, typename Raw = std::mutex>
using HostLock = ValidatedLock<Class, Raw, HostOrder>;

}  // namespace lamina::sync
