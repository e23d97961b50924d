// include/lamina/sync/order_platform.hpp - OrderPlatform: where a validator runs; and its modes.
#pragma once

#include <concepts>
#include <cstdint>

#include "lamina/sync/order_report.hpp"

namespace lamina::sync {

/// What the validator does about a violation.
enum class Mode : std::uint8_t {
    off,    ///< Nothing is followed.
    warn,   ///< It is reported, once for each rule and pair of classes, and the lock is taken.
    panic,  ///< It is reported, and OrderPlatform's panic() is called.
};

/// How a lock is wanted.
enum class Way : std::uint8_t {
    waits,   ///< Waits, perhaps until a deadline.
    tried,   ///< Was free and is taken already. Cannot block, so no rule of order applies to it.
    paired,  ///< Waits, as the second of two of one class, at the higher address.
};

/// What a validator asks of its surroundings. All functions are static.
///
/// - `Stack`: a LockStack. `held()`: that of this CPU (kernel) or thread.
/// - `report(report)`: says it. May be called on many threads at once, and may use validated locks:
///   what it takes is not followed.
/// - `panic(report)`: does not return.
template <typename P, typename ReportType>
concept OrderPlatform = requires(const ReportType& report) {
    typename P::Stack;
    { P::held() } -> std::same_as<typename P::Stack&>;
    P::report(report);
    P::panic(report);
};

}  // namespace lamina::sync
