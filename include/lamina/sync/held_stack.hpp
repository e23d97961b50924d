// include/lamina/sync/held_stack.hpp - HeldStack: a LockStack with a mask of what is held.
#pragma once

#include <atomic>
#include <cstdint>

#include "lamina/sync/lock_stack.hpp"
#include "lamina/sync/order_nodes.hpp"

namespace lamina::sync {

struct MaskedEntry : LockEntry {
    std::uint64_t saved;
};

/// The locks held (or waited for) by one CPU or thread, and the same as a set of nodes, which is
/// compared with what was seen before. An interrupt may come at any time.
///
///     entries   [0 .. base) of interrupted code, [base .. depth) of the code that runs
///     mask      the nodes of [base .. depth), no others
///     saved     in each entry: the mask's word as it was below the entry
///
/// An interrupt handler on the same stack leaves it as it was, as every handler gives back what it
/// took. So it may come at any instruction of push() and pop(): push() counts the entry before
/// it writes it, pop() forgets it last, and words are restored to what they were.
template <unsigned classes>
struct HeldStack : LockStack<classes, MaskedEntry> {
    using N = OrderNodes<classes>;
    using Entry = MaskedEntry;

    typename N::Set mask;
    std::uint16_t interrupts = 0;  ///< Handlers that are running on this stack.

    static OrderNode node_of(const Entry& entry) { return N::held(entry.id, entry.access); }

    /// Puts a lock on top. Needs room.
    [[gnu::always_inline]] void push(const LockTag& lock, ClassId id, Access access, Site site) {
        Entry& entry = this->entries[this->depth];
        this->depth = std::uint16_t(this->depth + 1);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        const OrderNode node = N::held(id, access);
        std::uint64_t& word = mask.words[N::word_of(node, access)];
        entry.lock = &lock;
        entry.site = site;
        entry.saved = word;
        entry.id = id;
        entry.access = access;
        word |= std::uint64_t{1} << node % 64;
    }

    /// Whether the lock on top of what the running code holds is this one, held so.
    [[gnu::always_inline]] bool is_top(const LockTag& lock, Access access) const {
        if (this->depth == this->base) return false;
        const Entry& top = this->entries[this->depth - 1U];
        return top.lock == &lock && top.access == access;
    }

    /// Takes the top away, which is held so.
    [[gnu::always_inline]] void pop(Access access) {
        const Entry& top = this->entries[this->depth - 1U];
        mask.words[N::word_of(N::held(top.id, access), access)] = top.saved;
        std::atomic_signal_fence(std::memory_order_seq_cst);
        this->depth = std::uint16_t(this->depth - 1);
    }

    void remove(unsigned index) {
        LockStack<classes, MaskedEntry>::remove(index);
        rebuild();
    }

    void clear() {
        LockStack<classes, MaskedEntry>::clear();
        interrupts = 0;
        mask = {};
    }

private:
    /// Makes mask and saved words follow from the entries of the running code.
    void rebuild() {
        mask = {};
        for (unsigned i = this->base; i < this->depth; ++i) {
            const OrderNode node = node_of(this->entries[i]);
            std::uint64_t& word = mask.words[node / 64];
            this->entries[i].saved = word;
            word |= std::uint64_t{1} << node % 64;
        }
    }
};

}  // namespace lamina::sync
