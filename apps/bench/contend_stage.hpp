// apps/bench/contend_stage.hpp - the pages that environments on several CPUs share, with the locks.
//
// The places in the queues of spin locks are static variables of the app, at one address in every
// environment that runs it. Of these one page is shared, and the workers use its slots only.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "apps/bench/cpu_platform.hpp"
#include "lamina/layout.hpp"
#include "lamina/sync/rw_lock.hpp"
#include "lamina/sync/sequence.hpp"
#include "lamina/sync/spin_lock.hpp"
#include "lamina/sync/token.hpp"

namespace bench {

inline constexpr std::uint64_t workers_max = 8;

/// A whole page of nothing but queue places, and the first slot whose places are all in it.
class SharedPlaces {
public:
    static std::uint64_t page() {
        return (first_place() + lamina::page_size - 1) / lamina::page_size * lamina::page_size;
    }
    static std::uint32_t first_slot() {
        return std::uint32_t((page() - first_place() + bytes_per_slot - 1) / bytes_per_slot);
    }

private:
    using Queue = lamina::sync::SpinQueue<CpuPlatform>;
    static constexpr std::uint64_t bytes_per_slot = sizeof(Queue::Node) * Queue::nodes_per_slot;
    static_assert((workers_max + 1) * bytes_per_slot <= lamina::page_size,
                  "the places of all workers fit, wherever in a slot the page begins");
    static_assert(CpuPlatform::slots_max * bytes_per_slot >= 2 * lamina::page_size,
                  "so much holds a whole page, wherever it begins");

    static std::uint64_t first_place() {
        return reinterpret_cast<std::uint64_t>(&Queue::node_of(1));
    }
};

/// What everybody does who wants a lock without anything clever: what the others are compared with.
class TestAndSet {
public:
    void lock() {
        while (word_.exchange(1, std::memory_order_acquire) != 0)
            while (word_.load(std::memory_order_relaxed) != 0)
                CpuPlatform::relax();
    }
    void unlock() { word_.store(0, std::memory_order_release); }

private:
    std::atomic<std::uint32_t> word_{0};
};

/// What one worker did in a stage.
struct Share {
    std::uint64_t operations;  ///< Locks taken, or snapshots read or written.
    std::uint64_t changes;     ///< Of these, how many changed the data.
    std::uint64_t torn;        ///< How often it saw what no one had written.
    std::uint64_t begun_ns;    ///< When it began and ended.
    std::uint64_t ended_ns;
};

/// The data behind one lock, and what became of it.
struct Stage {
    alignas(64) std::uint64_t counter = 0;  ///< Not atomic: the lock must guard it.
    std::uint64_t copy = 0;                 ///< Always the counter's value, where nobody is inside.
    std::array<Share, workers_max> shares{};
};

/// Where a worker is, told to the others if they are to meet.
enum class Where : std::uint32_t { away, at_the_door, inside, gone };
struct alignas(64) Spot {
    std::atomic<Where> where{Where::away};
};

using Words = std::array<std::uint64_t, 4>;

/// In the shared pages after that of the queue places.
struct Shared {
    // Set by who starts the workers.
    std::uint64_t workers;
    std::uint64_t changes;  ///< When the data of a stage has changed this often, the stage ends.

    /// In so many first changes of each stage the one who makes it stays inside, the data half
    /// changed, until another is at the door: so a lock that lets two in is always found out.
    std::uint64_t meetings;

    alignas(64) std::atomic<std::uint64_t> arrived{0};  ///< At all barriers, in all.
    std::array<Spot, workers_max> spots;

    alignas(64) TestAndSet test_and_set;
    alignas(64) lamina::sync::SpinLock<CpuPlatform> spin_lock;
    alignas(64) lamina::sync::RwLock<CpuPlatform> rw_lock;
    alignas(64) lamina::sync::CpuToken<CpuPlatform> token;
    alignas(64) lamina::sync::Snapshot<Words, CpuPlatform> snapshot;

    static constexpr std::array<const char*, 5> names = {"test_and_set", "spin_lock", "rw_lock",
                                                         "token", "snapshot"};
    static constexpr std::size_t snapshot_stage = 4;
    std::array<Stage, names.size()> stages{};
};

/// Pages of the shared run: the queue places, then Shared.
inline constexpr std::uint64_t queue_page = 0;
inline constexpr std::uint64_t shared_first = 1;
inline constexpr std::uint64_t shared_pages =
    (sizeof(Shared) + lamina::page_size - 1) / lamina::page_size;

/// Where workers map Shared, and the slot in which they get the run.
inline constexpr std::uint64_t shared_address = 0x5c00'0000'0000;
inline constexpr std::uint32_t shared_slot = 9;

/// One worker, from its start to its end; its status.
int contend_as_worker(std::uint64_t index);

}  // namespace bench
