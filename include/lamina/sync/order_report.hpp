// include/lamina/sync/order_report.hpp - what the validator reports: violation, sites, chain.
#pragma once

#include <array>
#include <cstdint>
#include <source_location>

#include "lamina/sync/lock_class.hpp"

namespace lamina::sync {

/// Where in the source a lock was taken or given back.
using Site = std::source_location;

/// How a lock is taken.
enum class Access : std::uint8_t {
    exclusive,
    shared,            ///< A reader that waits behind a writer who waits.
    shared_recursive,  ///< A reader that never waits for a writer who only waits.
};

/// The rules. Each report names one.
enum class Violation : std::uint8_t {
    inversion,         ///< The lock wanted ranks outside of one that is held.
    equal_level,       ///< Both rank the same, and the table gives such locks no order.
    cycle,             ///< Locks of the same rank were taken in another order before.
    reacquisition,     ///< Its holder takes it again, and would wait for itself.
    same_class,        ///< Two locks of one class without a pair guard.
    address_order,     ///< Two locks of one class, the one at the higher address first.
    wait_kind,         ///< A lock that may block, wanted with a spinlock held.
    blocking,          ///< Blocking with a spinlock held, or inside an interrupt.
    interrupt,         ///< An interrupt may want a lock that the code it interrupted waits for.
    stranger_release,  ///< Given back by one who does not hold it, or not in this way.
    release_order,     ///< Given back before a lock taken later. Allowed, and warned of.
    overflow,          ///< More locks held at once than the validator can follow.
    held_at_exit,      ///< A lock is held where none may be.
    class_table_full,  ///< The class got no number; its locks are not followed.
    count_,
};

inline constexpr unsigned violation_count = static_cast<unsigned>(Violation::count_);

/// The rule in a sentence, for a report.
constexpr const char* sentence_of(Violation what) {
    constexpr std::array<const char*, violation_count> sentences = {
        "locks taken in reverse order: the one wanted ranks outside of one that is held",
        "locks of the same rank held together",
        "locks taken in a circle",
        "a lock taken again by its holder",
        "two locks of one class held together, without a pair guard",
        "two locks of one class taken against the order of their addresses",
        "a lock that may block, wanted with a spinlock held",
        "blocking with a spinlock held or inside an interrupt",
        "a lock of an interrupt handler can wait for code that it interrupted",
        "a lock given back by one who does not hold it so",
        "a lock given back before one that was taken later",
        "more locks held at once than can be followed",
        "a lock held where none may be",
        "more lock classes than can be followed",
    };
    return sentences[static_cast<unsigned>(what)];
}

/// The rule in one word, as in the list above.
constexpr const char* name_of(Violation what) {
    constexpr std::array<const char*, violation_count> names = {
        "inversion",     "equal_level", "cycle",        "reacquisition",    "same_class",
        "address_order", "wait_kind",   "blocking",     "interrupt",        "stranger_release",
        "release_order", "overflow",    "held_at_exit", "class_table_full",
    };
    return names[static_cast<unsigned>(what)];
}

/// A violation: nothing in it refers to memory that changes, but for the names.
struct OrderReport {
    Violation what{};
    bool is_warning = false;  ///< The mode is warn, or the rule is one that is only warned of.
    const ClassInfo* wanted = nullptr;  ///< Class of the lock wanted or given back; or null.
    const ClassInfo* held = nullptr;    ///< Class of the lock that stands against it; or null.
    const void* wanted_lock = nullptr;
    const void* held_lock = nullptr;
    Site site;       ///< Where the lock was wanted or given back, or where the rule was checked.
    Site held_site;  ///< Where the lock that stands against it was taken; line 0 if unknown.
};

}  // namespace lamina::sync
