// include/lamina/sync/lock_traits.hpp - LockTraits: what the order must know of a type of lock.
#pragma once

#include "lamina/sync/lock_class.hpp"
#include "lamina/sync/order_report.hpp"

namespace lamina::sync {

/// `wait`: what one who wants the lock does meanwhile. `recursive`: whether its holder may take it
/// again. `shared`: how its readers wait; `exclusive` if it has none. Each type of lock has a
/// specialisation beside it; a type of one's own needs its own, there is no default.
template <typename Lock>
struct LockTraits;

/// What a specialisation derives from.
template <WaitKind wait_kind, bool is_recursive = false, Access shared_access = Access::exclusive>
struct TraitsOf {
    static constexpr WaitKind wait = wait_kind;
    static constexpr bool recursive = is_recursive;
    static constexpr Access shared = shared_access;
};

}  // namespace lamina::sync
