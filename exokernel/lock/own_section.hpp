// exokernel/lock/own_section.hpp - OwnSection: what a CPU does without the kernel lock.
#pragma once

#include <atomic>
#include <cstdint>

namespace exo {

/// One for each CPU. Inside it, the CPU uses only what no other CPU uses without the kernel lock;
/// whoever takes that closes the sections of all others and waits until nobody is inside. So being
/// inside costs the CPU a word of its own, and the lock as many as there are CPUs (the readers'
/// side of a "big reader" lock, after Linux's of 2000).
///
/// Entering and closing write one word and then read the other's; both are sequentially consistent,
/// so at least one of the two sees the other. Needs: open() and close() are called with the kernel
/// lock; nothing waits inside.
class OwnSection {
public:
    /// Why nobody may enter.
    enum Reason : std::uint32_t {
        lock_held = 1,  ///< Another CPU has the kernel lock.
        not_alone = 2,  ///< Other CPUs have the page tables loaded that this one has.
    };

    /// Enters; false, and nothing has happened, if it is closed. Cost: 5 instructions.
    [[nodiscard]] bool try_lock() {
        inside_.exchange(1, std::memory_order_seq_cst);
        if (closed_.load(std::memory_order_seq_cst) == 0) [[likely]]
            return true;
        unlock();
        return false;
    }
    void unlock() { inside_.store(0, std::memory_order_release); }

    void close(Reason reason) { closed_.store(closed() | reason, std::memory_order_relaxed); }
    void open(Reason reason) { closed_.store(closed() & ~reason, std::memory_order_release); }
    /// After close(): orders it before is_inside().
    static void settle() { std::atomic_thread_fence(std::memory_order_seq_cst); }
    bool is_inside() const { return inside_.load(std::memory_order_acquire) != 0; }

private:
    // Relaxed: only who has the kernel lock writes it.
    std::uint32_t closed() const { return closed_.load(std::memory_order_relaxed); }

    std::atomic<std::uint32_t> inside_{0};
    std::atomic<std::uint32_t> closed_{0};
};

}  // namespace exo
