// include/lamina/sync/lock_guard.hpp - LockGuard: a lock held as long as the guard lives.
#pragma once

#include "lamina/sync/annotations.hpp"
#include "lamina/sync/order_report.hpp"

namespace lamina::sync {

/// For locks without data of their own. As std::lock_guard, and it hands on where it was made: that
/// is the site in reports.
template <typename Lock>
class [[nodiscard]] LockGuard {
public:
    LAMINA_NOT_ANALYSED explicit LockGuard(Lock& lock, Site site = Site::current())
        : lock_(lock), site_(site) {
        lock_.lock(site_);
    }
    LAMINA_NOT_ANALYSED ~LockGuard() { lock_.unlock(site_); }
    LockGuard(const LockGuard&) = delete;
    LockGuard& operator=(const LockGuard&) = delete;

private:
    Lock& lock_;
    Site site_;
};

}  // namespace lamina::sync
