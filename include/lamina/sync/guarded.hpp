// include/lamina/sync/guarded.hpp - Guarded: data that is reached only through its lock.
#pragma once

#include <concepts>
#include <utility>

#include "lamina/sync/lock_class.hpp"
#include "lamina/sync/order_report.hpp"

namespace lamina::sync {

/// A T and the lock that guards it. The T can be reached only through a Held, a HeldShared or a
/// HeldPair, whose constructors take the lock in the order of the ranks.
///
/// `Lock`: a ValidatedLock of this class. A program usually names its lock once:
///
///     template <typename Class, typename T>
///     using Guarded = lamina::sync::Guarded<Class, T, ValidatedLock<Class, KernelSpin, Order>>;
template <typename Class, typename T, typename Lock>
class Guarded {
public:
    using ClassType = Class;
    static_assert(is_lock_class<Class>());
    static_assert(std::same_as<typename Lock::ClassType, Class>,
                  "the lock of a Guarded is of the Guarded's class");

    /// Makes the T from these arguments.
    template <typename... Arguments>
        requires std::constructible_from<T, Arguments...>
    constexpr explicit Guarded(Arguments&&... arguments)
        : data_(std::forward<Arguments>(arguments)...) {}
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;

    /// For what has nothing to do with the data: statistics.
    const typename Lock::RawType& raw_lock() const { return lock_.raw(); }

private:
    template <typename, typename, typename>
    friend class Held;
    template <typename, typename, typename>
    friend class HeldShared;
    template <typename, typename, typename>
    friend class HeldPair;
    template <typename, typename, typename>
    friend class TryHeld;

    Lock lock_;
    T data_;
};

}  // namespace lamina::sync
