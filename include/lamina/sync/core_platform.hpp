// include/lamina/sync/core_platform.hpp - what the queue of a spin lock needs from its
// surroundings.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>

/// Locks for the kernel, the libOS and host programs, from one source. A lock is a template over a
/// *platform*: a type with only static members that says how one waits, who one is and what time it
/// is. What a platform does not offer, the locks that need it do not compile with.
namespace lamina::sync {

/// What `Platform::slot()` says of a thread for which no slot was left.
inline constexpr std::uint32_t no_slot = ~std::uint32_t{0};

/// How many bits the number of a slot takes.
inline constexpr unsigned thread_slot_bits = 14;

/// std::atomic of the machine the code runs on, and the one operation it lacks. A platform names it
/// as its `Atomic`, or another template with the same members to see every access.
template <typename T>
class MachineAtomic : public std::atomic<T> {
public:
    using std::atomic<T>::atomic;

    /// Stores to the least significant byte alone, as a release. The other bytes may be changed by
    /// others at the same moment and keep their values: one plain store where a whole word would
    /// need a read-modify-write.
    ///
    /// A byte and the word around it are accessed by different instructions, which C++ does not
    /// describe and x86-64 does: accesses within one aligned quadword are atomic, locked ones of
    /// any size are ordered with them (Intel SDM volume 3A, sections 9.1.1 and 9.2.2).
    void store_low_byte(std::uint8_t value) {
        auto* const byte = reinterpret_cast<std::uint8_t*>(this);
        __atomic_store_n(byte, value, __ATOMIC_RELEASE);  // [spin-release]
    }
};

/// What every lock needs; a kernel's locks need no more.
///
/// - `Atomic<T>`: MachineAtomic, or a template with the same members.
/// - `slots_max`: slot numbers are below this; at most 1 << thread_slot_bits.
/// - `slot()`: the number of this CPU (kernel) or thread (host), or `no_slot`. It must not change
///   while the caller waits for or holds a spin lock: the kernel is not preemptible, and a libOS
///   thread masks upcalls.
/// - `relax()`: called on every round of a wait. Here the kernel answers its mailbox, without which
///   two CPUs could wait for each other; on other platforms it is a pause.
template <typename Platform>
concept CorePlatform = requires {
    typename Platform::template Atomic<std::uint32_t>;
    { Platform::slots_max } -> std::convertible_to<std::uint32_t>;
    { Platform::slot() } -> std::same_as<std::uint32_t>;
    { Platform::relax() } -> std::same_as<void>;
};

}  // namespace lamina::sync
