// include/lamina/rights.hpp - Handle, ObjectType and Rights: how an environment names what it may
// use.
#pragma once

#include <cstdint>

namespace lamina {

/// What a capability is for.
enum class ObjectType : std::uint8_t {
    none = 0,
    env = 1,
    vcpu = 2,
    frames = 3,
    notification = 4,
    account = 5,
    console = 6,
    machine = 7,
    gate = 8,
    slice = 9,
};

/// What a capability allows. One word of bits for all types, so that one look-up checks them all.
enum class Rights : std::uint32_t {
    none = 0,
    read = 1U << 0,     ///< Frames: map for reading. Console: take input. Env: read its report.
                        ///< Machine: watch its free memory.
    write = 1U << 1,    ///< Frames: map for writing. Console: put output.
    execute = 1U << 2,  ///< Frames: map for execution.
    copy = 1U << 3,     ///< Any: derive from it, or copy it to another environment.
    manage = 1U << 4,   ///< Env: map into it, give it capabilities, create vCPUs. vCPU: start it,
                        ///< give it slices. Slice: give it to a vCPU. All three: set a length.
                        ///< Gate: give it activations.
    end = 1U << 5,      ///< Env: end it.
    spend = 1U << 6,    ///< Account: allocate frames and create objects at its expense.
    signal = 1U << 7,   ///< Notification: set bits. vCPU: poke it.
    wait = 1U << 8,   ///< Notification: wait for bits and take them; name it as a place to signal.
    power = 1U << 9,  ///< Machine: power off, reboot.
    reclaim = 1U << 10,  ///< Account: ask frames back, take them by force, bound its CPU time, end
                         ///< who pays from it.
    call = 1U << 11,     ///< Gate: call it. vCPU: yield to it.
    all = (1U << 12) - 1,
};

constexpr Rights operator|(Rights a, Rights b) {
    return Rights(std::uint32_t(a) | std::uint32_t(b));
}
constexpr Rights operator&(Rights a, Rights b) {
    return Rights(std::uint32_t(a) & std::uint32_t(b));
}
/// Whether `held` covers every right in `needed`.
constexpr bool covers(Rights held, Rights needed) { return (held & needed) == needed; }

/// Names a capability in the caller's table: slot number in the low 16 bits, generation above.
/// A dropped slot's next capability has another generation, so that an old handle is refused.
enum class Handle : std::uint32_t { null = 0 };

constexpr std::uint32_t handle_slot(Handle handle) { return std::uint32_t(handle) & 0xffffU; }
constexpr std::uint32_t handle_generation(Handle handle) { return std::uint32_t(handle) >> 16; }
constexpr Handle make_handle(std::uint32_t slot, std::uint32_t generation) {
    return Handle(slot | (generation << 16));
}

/// Slots with a fixed meaning, generation 0 when the environment starts. The kernel fills
/// self, account and vcpu; the creator fills the others it wants to give.
namespace slots {
inline constexpr std::uint32_t self = 1;
inline constexpr std::uint32_t account = 2;
inline constexpr std::uint32_t vcpu = 3;
inline constexpr std::uint32_t console = 4;
inline constexpr std::uint32_t archive = 5;
inline constexpr std::uint32_t machine = 6;
inline constexpr std::uint32_t info = 7;
inline constexpr std::uint32_t start = 8;  ///< Frames of the start block (lamina/start.hpp).
inline constexpr std::uint32_t frame_states = 15;  ///< Frames: lamina/frame_state.hpp.
inline constexpr std::uint32_t first_free = 16;
}  // namespace slots

}  // namespace lamina
