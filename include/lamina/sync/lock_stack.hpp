// include/lamina/sync/lock_stack.hpp - LockStack: the locks one CPU or thread holds, in order.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "lamina/sync/order_report.hpp"

namespace lamina::sync {

/// What the validator keeps in each lock: when and where it was last taken. Written by the holder
/// right after taking, read by whoever gives the lock back without holding it.
struct LockTag {
    std::atomic<std::uint32_t> setting{0};  ///< The validator's at that moment; 0: never followed.
    std::atomic<Site> site{Site{}};

    /// The setting of a lock that is held but not followed: its release is not looked for.
    static constexpr std::uint32_t untracked = ~0U;
};

/// A lock that is held or waited for.
struct LockEntry {
    const LockTag* lock;
    Site site;
    ClassId id;
    Access access;
};

/// The locks held (or waited for) by one CPU or thread: its owner alone reads and writes it. It
/// belongs to what cannot be taken off the CPU between two steps of its own: a thread, or a CPU
/// whose kernel is not preemptible. A HeldStack may also be interrupted.
///
/// `classes`: class numbers are below it.
template <unsigned classes, typename EntryType = LockEntry>
struct LockStack {
    static constexpr unsigned classes_max = classes;
    static constexpr unsigned entries_max = 16;
    using Entry = EntryType;

    std::uint32_t setting = 0;  ///< Mode and epoch the entries belong to; see OrderValidator.
    std::uint16_t depth = 0;
    std::uint16_t base = 0;  ///< How many of the entries belong to code that was interrupted.
    bool is_reporting = false;
    std::array<Entry, entries_max> entries;

    bool is_full() const { return depth == entries_max; }

    /// Puts a lock on top. Needs room.
    void push(const LockTag& lock, ClassId id, Access access, Site site) {
        entries[depth++] = {&lock, site, id, access};
    }
    /// Takes an entry of the running code out, wherever it is.
    void remove(unsigned index) {
        for (unsigned i = index; i + 1 < depth; ++i)
            entries[i] = entries[i + 1];
        --depth;
    }
    /// Forgets everything, as the mode was off in between.
    void clear() { depth = base = 0; }
};

}  // namespace lamina::sync
