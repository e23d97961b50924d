// tests/guest/contexts.hpp - contexts with known contents, entered, trapped and looked at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/vcpu.hpp"

namespace guest {

/// ymm0-15.
struct Vectors {
    std::uint64_t words[16 * 4];
    bool operator==(const Vectors&) const = default;
};

}  // namespace guest

// In contexts.S.
extern "C" {
void guest_load_vectors(const guest::Vectors&);
void guest_store_vectors(guest::Vectors&);
std::uint64_t guest_enter(const lamina::SavedContext*);
std::uint64_t guest_enter_by_range(const lamina::SavedContext*);
std::uint64_t guest_enter_after(const lamina::SavedContext*, std::uint64_t turns,
                                std::uint64_t skipped);
extern const std::byte guest_leave[], guest_sled[], guest_sled_end[];
}

namespace guest {

/// What a program may set in rflags (Intel SDM vol. 1, 3.4.3), and what it may not.
inline constexpr std::uint64_t trap_flag = 0x100;
inline constexpr std::uint64_t flags_clear = 0x202;
inline constexpr std::uint64_t flags_set = 0x24'4ed7;  // ID AC NT OF DF SF ZF AF PF CF
/// RF differs from one kind of exception to the other (Intel SDM vol. 3A, 17.3.1.1).
inline constexpr std::uint64_t resume_flag = 0x1'0000;

/// What the trap handler found.
struct Seen {
    lamina::SavedContext context;
    std::uint64_t vector;
    std::uint64_t error;
    std::uint64_t address;
    std::uint64_t disabled;
    Vectors vectors;
};

/// A context with another number in every register, which differ with `seed`; its stack is one of
/// its own with a pattern around the stack pointer.
lamina::SavedContext pattern_context(std::uint64_t seed, const std::byte* rip,
                                     std::uint64_t rflags);
Vectors pattern_vectors(std::uint64_t seed);

/// Whether the memory around the contexts' stack pointer is as pattern_context() left it, the 128
/// bytes below it (the red zone) included.
bool stack_is_untouched();

/// Whether two contexts are equal; rflags but for RF.
bool same(const lamina::SavedContext& a, const lamina::SavedContext& b);

/// Hooks every exception; start_upcalls() must have been called. From now on the first
/// exceptions of a context are recorded; the last of them sends it to guest_leave.
void hook_exceptions();

/// What the exceptions of a context were. `next` is where it goes on after the first, if two are
/// wanted.
std::span<const Seen> seen();

/// Prepares for one exception (`next` null) or two.
void expect_exceptions(const std::byte* next);

}  // namespace guest
