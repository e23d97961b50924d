// include/lamina/sync/token.hpp - Token: recursive, given up while its holder blocks.
#pragma once

#include <cstdint>

#include "lamina/sync/adaptive_mutex.hpp"
#include "lamina/sync/held_tokens.hpp"
#include "lamina/sync/lock_traits.hpp"
#include "lamina/sync/platform.hpp"
#include "lamina/sync/spin_lock.hpp"

namespace lamina::sync {

/// A serialising token (after DragonFly BSD's): while one runs that holds it, no other holder does.
/// Its holder may take it again, and may block: then it is given up, and taken again before the
/// holder goes on. So what it guards may have changed across anything that blocks, another token's
/// `lock` included, and tokens alone never deadlock (HeldTokens says why).
///
/// `Owner` is ByThread or ByCpu; `Raw` the lock under it, which also decides how one waits.
///
/// Needs: as `Raw`; with ByCpu also that the holder stays on its CPU. Cost: `Raw`'s, and some ten
/// instructions; taken again, five.
template <typename Owner, typename Raw>
class Token : private AnyToken {
public:
    constexpr Token()
        : AnyToken{.give_up = [](AnyToken& token) { static_cast<Token&>(token).leave(); },
                   .take_again =
                       [](AnyToken& token, std::uint32_t depth, std::uint64_t deadline_ns) {
                           return static_cast<Token&>(token).enter(depth, deadline_ns);
                       }} {}
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;

    void lock() { static_cast<void>(lock_until(no_deadline)); }
    [[nodiscard]] bool try_lock() {
        if (holds()) {
            ++depth;
            return true;
        }
        if (!raw_.try_lock()) return false;
        own(1);
        HeldTokens<Owner>::add(*this);
        return true;
    }
    [[nodiscard]] bool lock_until(std::uint64_t deadline_ns) {
        return try_lock() || HeldTokens<Owner>::wait_for(*this, deadline_ns);
    }
    [[nodiscard]] bool lock_for(std::uint64_t duration_ns) {
        return lock_until(deadline_after<typename Owner::Platform>(duration_ns));
    }
    /// Undoes one `lock`. Needs: the caller holds it.
    void unlock() {
        if (--depth != 0) return;
        HeldTokens<Owner>::remove(*this);
        leave();
    }

    /// Whether the caller holds it; false while it is given up.
    [[nodiscard]] bool holds() const {
        // Only the owner itself ever stores its own number.
        return owner_.load(std::memory_order_relaxed) == Owner::self();
    }
    /// How often the holder has taken it. Needs: the caller holds it.
    [[nodiscard]] std::uint32_t times_taken() const { return depth; }

    /// Sets who is told, or null; it must outlive the token. Needs: the caller holds the token, or
    /// nobody uses it yet.
    void set_observer(const TokenObserver* told) { observer = told; }

    const auto& statistics() const { return raw_.statistics(); }

private:
    void own(std::uint32_t depth_now) {
        owner_.store(Owner::self(), std::memory_order_relaxed);
        depth = depth_now;
    }
    void leave() {
        owner_.store(0, std::memory_order_relaxed);
        raw_.unlock();
    }
    bool enter(std::uint32_t depth_now, std::uint64_t deadline_ns) {
        if (!raw_.lock_until(deadline_ns)) return false;
        own(depth_now);
        return true;
    }

    Raw raw_;
    typename Owner::Platform::template Atomic<std::uint32_t> owner_{0};
};

/// A token of threads, which sleep for it.
template <typename Platform, typename Statistics = NoStatistics>
using ThreadToken = Token<ByThread<Platform>, AdaptiveMutex<Platform, Statistics>>;

/// A token of CPUs, which spin for it.
template <typename Platform, typename Statistics = NoStatistics>
using CpuToken = Token<ByCpu<Platform>, SpinLock<Platform, Statistics>>;

template <typename Owner, typename Raw>
struct LockTraits<Token<Owner, Raw>> : TraitsOf<WaitKind::yields, true> {};

}  // namespace lamina::sync
