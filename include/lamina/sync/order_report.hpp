// include/lamina/sync/order_report.hpp - what the validator reports: violation, sites, chain.
#pragma once

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

/// The rules, of which violations.def has the list. Each report names one.
enum class Violation : std::uint8_t {
#define LAMINA_VIOLATION(name, sentence) name,
#include "lamina/sync/violations.def"
#undef LAMINA_VIOLATION
    count_,
};

inline constexpr unsigned violation_count = static_cast<unsigned>(Violation::count_);

/// What people are told of a rule.
struct ViolationWords {
    const char* name;  ///< As in the list.
    const char* sentence;
};
inline constexpr ViolationWords violation_words[violation_count] = {
#define LAMINA_VIOLATION(name, sentence) {#name, sentence},
#include "lamina/sync/violations.def"
#undef LAMINA_VIOLATION
};

/// The rule in a sentence, for a report.
constexpr const char* sentence_of(Violation what) {
    return violation_words[static_cast<unsigned>(what)].sentence;
}
/// The rule in one word.
constexpr const char* name_of(Violation what) {
    return violation_words[static_cast<unsigned>(what)].name;
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
