// include/lamina/sync/held_tokens.hpp - HeldTokens: what an owner holds, given up while it blocks.
#pragma once

#include <array>
#include <cstdint>

#include "lamina/sync/blocking_platform.hpp"

namespace lamina::sync {

/// Tokens owned by threads.
template <typename PlatformType>
struct ByThread {
    using Platform = PlatformType;
    static std::uint32_t self() { return Platform::self(); }
    static std::uint32_t slot() { return slot_of(Platform::self()); }
};

/// Tokens owned by CPUs (slots), by whatever runs on them. Needs: the caller has a slot.
template <typename PlatformType>
struct ByCpu {
    using Platform = PlatformType;
    static std::uint32_t self() { return 1 + Platform::slot(); }
    static std::uint32_t slot() { return Platform::slot(); }
};

/// Is told when a token is given up because its owner blocks, and when it is taken again. Runs on
/// the owner; must not block. `depth` is how often the owner has taken it. Tokens are told of in
/// the order in which they were taken, when they are given up in the opposite one.
struct TokenObserver {
    void* context;
    void (*released)(void* context, std::uint32_t depth);  ///< before it is given up
    void (*retaking)(void* context, std::uint32_t depth);  ///< before any is waited for again
    void (*retaken)(void* context, std::uint32_t depth);   ///< when the owner has all again
};

/// What HeldTokens knows of a token.
struct AnyToken {
    void (*give_up)(AnyToken&);
    /// Waits for it, at most until the deadline; returns whether it was taken, with this depth.
    bool (*take_again)(AnyToken&, std::uint32_t depth, std::uint64_t deadline_ns);
    const TokenObserver* observer = nullptr;
    std::uint32_t depth = 0;  ///< how often its holder has taken it; the holder's
};

/// The tokens each owner holds, in the order in which it took them, in static memory: a token that
/// is given up may be on the list of its next owner at the same time.
///
/// Who is about to block gives them all up and takes them again before it goes on, in the order of
/// their addresses, whatever the order was in which it took them. So does who finds a token held by
/// another while it holds some itself. Therefore no two owners ever block each other by tokens:
///
/// - who waits for a token holds only tokens of lower addresses, so such waits make no circle;
/// - who waits for anything else holds no token, so no circle goes through both.
template <typename Owner>
class HeldTokens {
public:
    /// An owner holds at most this many different tokens; one more ends the program.
    static constexpr std::uint32_t held_max = 16;

    /// Gives the caller's tokens up, if it has any and is not blocking already. Returns whether;
    /// then `resumed` must follow, and the owner takes no token until then. A scheduler calls these
    /// two around whatever it does to block an owner; the locks here that block do so by
    /// `Released`.
    [[nodiscard]] static bool about_to_block() {
        List& list = mine();
        if (list.count == 0 || list.given_up) return false;
        give_up_all(list);
        return true;
    }
    static void resumed() { take_all(mine(), nullptr, no_deadline); }

    /// Takes a token that another owner has. Returns whether, before the deadline.
    static bool wait_for(AnyToken& token, std::uint64_t deadline_ns) {
        List& list = mine();
        if (list.count == 0 || list.given_up) {
            if (!token.take_again(token, 1, deadline_ns)) return false;
            add(token);
            return true;
        }
        give_up_all(list);
        add(token);
        const bool taken = take_all(list, &token, deadline_ns);
        if (!taken) remove(token);
        return taken;
    }

    /// A scope in which the caller may block.
    class Released {
    public:
        Released() : released_(about_to_block()) {}
        Released(const Released&) = delete;
        Released& operator=(const Released&) = delete;
        ~Released() {
            if (released_) resumed();
        }

    private:
        bool released_;
    };

    static void add(AnyToken& token) {
        List& list = mine();
        if (list.count == held_max) __builtin_trap();
        list.entries[list.count++] = {.token = &token, .depth = 1};
    }
    static void remove(const AnyToken& token) {
        List& list = mine();
        std::uint32_t at = find(list, token);
        for (--list.count; at < list.count; ++at)
            list.entries[at] = list.entries[at + 1];
    }

private:
    struct Entry {
        AnyToken* token = nullptr;
        std::uint32_t depth = 0;  // while it is given up
    };
    /// Only its owner touches it.
    struct List {
        std::array<Entry, held_max> entries;
        std::uint32_t count = 0;
        bool given_up = false;
    };
    static List& mine() { return lists_[Owner::slot()]; }

    static std::uint32_t find(const List& list, const AnyToken& token) {
        std::uint32_t at = 0;
        while (at < list.count && list.entries[at].token != &token)
            ++at;
        if (at == list.count) __builtin_trap();  // released or asked for by who does not hold it
        return at;
    }

    static void give_up_all(List& list) {
        list.given_up = true;
        for (std::uint32_t i = list.count; i-- > 0;) {
            Entry& entry = list.entries[i];
            entry.depth = entry.token->depth;
            if (const TokenObserver* told = entry.token->observer; told != nullptr)
                told->released(told->context, entry.depth);
            entry.token->give_up(*entry.token);
        }
    }

    /// Takes all on the list, of which `wanted` is new and has the deadline; returns whether it
    /// came in time. The others are waited for without a deadline.
    static bool take_all(List& list, const AnyToken* wanted, std::uint64_t deadline_ns) {
        const auto tell = [&](auto moment) {
            for (std::uint32_t i = 0; i < list.count; ++i) {
                const TokenObserver* told = list.entries[i].token->observer;
                if (told != nullptr && list.entries[i].token != wanted)
                    (told->*moment)(told->context, list.entries[i].depth);
            }
        };
        tell(&TokenObserver::retaking);
        bool in_time = true;
        const Entry* last = nullptr;
        for (std::uint32_t taken = 0; taken < list.count; ++taken) {
            last = next_by_address(list, last);
            const bool is_wanted = last->token == wanted;
            if (!last->token->take_again(*last->token, last->depth,
                                         is_wanted ? deadline_ns : no_deadline))
                in_time = false;
        }
        tell(&TokenObserver::retaken);
        list.given_up = false;
        return in_time;
    }
    static const Entry* next_by_address(const List& list, const Entry* last) {
        const auto address = [](const Entry& entry) {
            return reinterpret_cast<std::uintptr_t>(entry.token);
        };
        const Entry* next = nullptr;
        for (std::uint32_t i = 0; i < list.count; ++i) {
            const Entry& entry = list.entries[i];
            if (last != nullptr && address(entry) <= address(*last)) continue;
            if (next == nullptr || address(entry) < address(*next)) next = &entry;
        }
        return next;
    }

    static inline constinit std::array<List, Owner::Platform::slots_max> lists_{};
};

template <typename Platform>
using ThreadTokens = HeldTokens<ByThread<Platform>>;

}  // namespace lamina::sync
