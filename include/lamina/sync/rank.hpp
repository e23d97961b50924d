// include/lamina/sync/rank.hpp - Rank: the one order in which locks are taken.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace lamina::sync {

/// The facilities whose data locks guard, outer before inner: whoever holds a lock may take only
/// locks with a greater rank. The order follows who calls whom while holding its own lock:
///
/// - `user`: an app's own locks. It calls everything below with them held; nothing calls back.
/// - `filesystem`: name caches, inodes, files. A network file system sends while it holds an inode,
///   so files come before the net.
/// - `net`: sockets, connections, routes. A connection encrypts what it sends under its own lock.
/// - `crypto`: keys and sessions. An accelerator is a device, asked with the session held.
/// - `device`: queues of drivers. A driver that completes a request tells the one who waits.
/// - `ipc`: notifications, gates, rings between environments. A message may need memory for itself
///   or for its mapping.
/// - `memory`: capability tables, frames, accounts, page tables, heaps. Everything above allocates
///   with its lock held; an allocation that must wait for memory wakes whoever gives some back.
/// - `scheduler`: run queues and slices. Everything wakes; waking calls nothing else. Innermost.
///
/// The numbers leave room between two facilities: see step().
enum class Rank : std::uint8_t {
    user = 10,
    filesystem = 20,
    net = 30,
    crypto = 40,
    device = 50,
    ipc = 60,
    memory = 70,
    scheduler = 80,
};

/// How many steps a rank has, its own number included.
inline constexpr unsigned steps_per_rank = 10;

/// Locks of one facility that are held together take different steps inside of its rank:
/// `step<2>(Rank::memory)` is taken after `step<1>(Rank::memory)` and before `Rank::scheduler`.
template <unsigned inward>
consteval Rank step(Rank rank) {
    static_assert(inward < steps_per_rank,
                  "a rank has ten steps, numbered from 0: a greater one would be another rank");
    return static_cast<Rank>(static_cast<unsigned>(rank) + inward);
}

/// A place in an order of locks: greater is further in. 0 is outside of every lock.
using Level = std::uint16_t;

/// Rank of this table, or of a table an app made for itself (an enum of its own, or numbers above
/// 0). The validator and the guards compare only the numbers.
template <typename T>
concept RankValue = std::is_enum_v<T> || std::integral<T>;

/// The level a rank stands for.
constexpr Level level_of(RankValue auto rank) { return static_cast<Level>(rank); }

}  // namespace lamina::sync
