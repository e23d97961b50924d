// tests/unit/sync/order/script.hpp - acquisitions as a line of text, and what the validator says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "doctest/doctest.h"
#include "lamina/sync/validator.hpp"

namespace order_test {

using namespace lamina::sync;

/// Threads, interrupts and reports under the control of a test; any number in one real thread.
struct ScriptPlatform {
    static constexpr unsigned classes_max = 64;
    using Stack = HeldStack<classes_max>;
    using InterruptState = bool;
    static constexpr bool has_interrupts = true;

    static Stack& held() { return *current; }
    static bool interrupts_enabled() { return enabled; }
    static bool mask_interrupts() { return false; }
    static void restore_interrupts(bool) {}
    static void relax() {}
    static void report(const Report& report) { reports.push_back(report); }
    /// A panic ends the acquisition, as a lock after it is not taken.
    struct Panic {};
    [[noreturn]] static void panic(const Report&) { throw Panic{}; }

    static inline thread_local Stack* current = nullptr;
    static inline thread_local bool enabled = false;
    static inline thread_local std::vector<Report> reports;
};

/// The types of lock as the validator sees them.
struct LockType {
    WaitKind wait;
    bool recursive;
};

/// `what wanted/held`, and for a circle the chain as A>B>C; an interrupt in it is A~B.
std::string text_of(const Report& report);

/// Runs a script on a fresh validator; returns the reports, separated by "; ".
///
/// `setup`: words. `refuse`: levels increase strictly; else locks of a level learn their order.
/// `ranks`: the same, with spinlocks A to H on the levels 10 to 80.
/// `off`, `warn` (as without), `panic`: the mode at the start. `A:token`, `B:mutex@20`: the type
/// and level of a class; `*:token` of every class not named. Types: spin (as without), mutex,
/// sleep, token, rw. Level 1 without.
///
/// `script`: words, done in turn by thread 1 with interrupts masked.
///     A  A2        takes the lock of class A; the second of class A (at a higher address)
///     rA  RA       as a reader; as a recursive reader
///     A?  rA?      by a try that succeeds
///     A&           as the second of a pair guard
///     A!           waits until a deadline, and does not get it
///     -A  -rA      gives it back
///     2:           goes on as thread 2
///     sti  cli     with interrupts enabled; masked
///     (  )         a handler of an interrupt
///     block  end   blocks; comes to where nothing may be held
///     enable       is about to enable interrupts
///     off  warn  panic
std::string run(std::string_view setup, std::string_view script);

}  // namespace order_test

/// A test case: the rule, setup and script as for run(), and what is reported ("" for nothing).
#define TEST_CASE_SCRIPT(rule, setup, script, expected) \
    TEST_CASE(rule) { CHECK(order_test::run(setup, script) == (expected)); }
