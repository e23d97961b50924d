// include/lamina/sync/held_stack.hpp - HeldStack: the locks one CPU or thread holds, in order.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "lamina/sync/order_nodes.hpp"

namespace lamina::sync {

/// What the validator keeps in each lock: when and where it was last taken. Written by the holder
/// right after taking, read by whoever gives the lock back without holding it.
struct LockTag {
    std::atomic<std::uint32_t> setting{0};  ///< The validator's at that moment; 0: never followed.
    std::atomic<Site> site{Site{}};

    /// The setting of a lock that is held but not followed: its release is not looked for.
    static constexpr std::uint32_t untracked = ~0U;
};

/// The locks held (or waited for) by one CPU or thread: its owner alone reads and writes it. It
/// belongs to what cannot be taken off the CPU between two steps of its own: a thread, or a CPU
/// whose kernel is not preemptible.
///
///     entries   [0 .. base) of interrupted code, [base .. depth) of the code that runs
///     mask      the nodes of [base .. depth), no others
///     saved     in each entry: the mask's word as it was below the entry
///
/// An interrupt handler on the same stack leaves it as it was, as every handler gives back what it
/// took. So it may come at any instruction of push() and pop(): push() counts the entry before
/// it writes it, pop() forgets it last, and words are restored to what they were.
template <unsigned classes>
struct HeldStack {
    static constexpr unsigned classes_max = classes;
    static constexpr unsigned entries_max = held_max;
    using N = OrderNodes<classes>;

    struct Entry {
        const LockTag* lock;
        Site site;
        std::uint64_t saved;
        OrderNode node;  ///< As held.
        Access access;
    };

    typename N::Set mask;
    std::uint32_t setting = 0;  ///< Mode and epoch the entries belong to; see Validator.
    std::uint16_t depth = 0;
    std::uint16_t base = 0;
    std::uint16_t interrupts = 0;  ///< Handlers that are running on this stack.
    bool is_reporting = false;
    std::array<Entry, entries_max> entries;

    bool is_full() const { return depth == entries_max; }

    /// Puts a lock on top. Needs room.
    [[gnu::always_inline]] void push(const LockTag& lock, ClassId id, Access access, Site site) {
        Entry& entry = entries[depth];
        depth = std::uint16_t(depth + 1);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        const OrderNode node = N::held(id, access);
        std::uint64_t& word = mask.words[N::word_of(node, access)];
        entry.lock = &lock;
        entry.site = site;
        entry.saved = word;
        entry.node = node;
        entry.access = access;
        word |= std::uint64_t{1} << node % 64;
    }

    /// Whether the lock on top of what the running code holds is this one, held so.
    [[gnu::always_inline]] bool is_top(const LockTag& lock, Access access) const {
        if (depth == base) return false;
        const Entry& top = entries[depth - 1U];
        return top.lock == &lock && top.access == access;
    }

    /// Takes the top away, which is held so.
    [[gnu::always_inline]] void pop(Access access) {
        const Entry& top = entries[depth - 1U];
        mask.words[N::word_of(top.node, access)] = top.saved;
        std::atomic_signal_fence(std::memory_order_seq_cst);
        depth = std::uint16_t(depth - 1);
    }

    /// Takes an entry of the running code out of the middle.
    void remove(unsigned index) {
        for (unsigned i = index; i + 1 < depth; ++i)
            entries[i] = entries[i + 1];
        depth = std::uint16_t(depth - 1);
        rebuild();
    }

    /// Forgets everything, as the mode was off in between.
    void clear() {
        depth = base = interrupts = 0;
        mask = {};
    }

    /// Makes mask and saved words follow from the entries of the running code.
    void rebuild() {
        mask = {};
        for (unsigned i = base; i < depth; ++i) {
            std::uint64_t& word = mask.words[entries[i].node / 64];
            entries[i].saved = word;
            word |= std::uint64_t{1} << entries[i].node % 64;
        }
    }
};

}  // namespace lamina::sync
