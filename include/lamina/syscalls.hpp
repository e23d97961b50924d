// include/lamina/syscalls.hpp - system-call numbers and the words of the entry convention.
//
// `syscall` with the number in rax, arguments in rdi rsi rdx r10 r8 r9. Returns Status in rax and a
// value in rdx (on not_mapped: the address that failed). rbx rbp r12-r15 rsp are kept; rcx r11 rdi
// rsi r8 r9 r10 are not.
//
// Argument kinds in syscalls.def: handle (a Handle in the caller's table), handle_or_null (the
// same, or Handle::null for what the call says), word (a number), rights (Rights bits), protection
// (Protection bits), user_address (an address in the user half), out_cap_info, out_env_report,
// out_slice_info and out_page_table (addresses the kernel writes such a structure to).
#pragma once

#include <cstdint>

#include "lamina/call_words.h"

namespace lamina {

/// Version of everything in include/lamina/. Raise it by one with every change that makes a program
/// built before misbehave: a number, argument or structure that means something else. New calls
/// and statuses do not raise it, nor do appended fields but those of structures that the kernel
/// finds by an address of the app's (VcpuArea, VcpuEntries). Apps pass it in every call (call_tag)
/// and find it in the info page, so that a mismatch is refused with bad_call and told at start.
inline constexpr std::uint32_t abi_version = 4;

/// The high half of rax in a native call. Every other value is a foreign call.
inline constexpr std::uint32_t call_tag = 0x4C414D00U | abi_version;

enum class Call : std::uint32_t {
#define LAMINA_SYSCALL(number, name, arguments, value, rights, errors) name = (number),
#include "lamina/syscalls.def"
#undef LAMINA_SYSCALL
};

static_assert(CALL_GATE_RETURN ==
              (std::uint64_t{call_tag} << 32 | std::uint32_t(Call::gate_return)));

inline constexpr std::uint32_t call_count = 0
#define LAMINA_SYSCALL(number, name, arguments, value, rights, errors) +1
#include "lamina/syscalls.def"
#undef LAMINA_SYSCALL
    ;

/// How pages are mapped: what may be done (readable is implied by the others), their size, and
/// three bits that are the environment's own, in the entries of its page tables.
enum class Protection : std::uint32_t {
    read = 1,
    write = 2,
    execute = 4,
    size_2m = 8,   ///< Pages of 2 MiB: address and frame are multiples of that.
    size_1g = 16,  ///< Pages of 1 GiB.
    software = 0x700,
    all = 0x71f,
};

constexpr Protection operator|(Protection a, Protection b) {
    return Protection(std::uint32_t(a) | std::uint32_t(b));
}
constexpr bool has(Protection held, Protection bit) {
    return (std::uint32_t(held) & std::uint32_t(bit)) != 0;
}

/// Deadlines of notification_wait.
inline constexpr std::uint64_t no_wait = 0;
inline constexpr std::uint64_t wait_forever = ~std::uint64_t{0};
/// No quota of slices or time of an account's own (account_time).
inline constexpr std::uint64_t no_bound = ~std::uint64_t{0};

/// Actions of machine_power.
inline constexpr std::uint64_t power_off = 0;
inline constexpr std::uint64_t power_reboot = 1;

/// Most entries of page tables that one call changes: every call is bounded.
inline constexpr std::uint64_t pages_per_call_max = 512;
/// A range in the lists of frames_map_list and its kind: an address, which is a multiple of 4096,
/// plus the number of pages less one. Most ranges and pages of one call:
inline constexpr std::uint64_t ranges_per_call_max = 256;
inline constexpr std::uint64_t listed_pages_max = 4096;
/// Most page frames of a run, 1 GiB.
inline constexpr std::uint64_t run_frames_max = 1ULL << 18;

/// Longest environment name in bytes, without a terminator.
inline constexpr std::uint64_t env_name_bytes_max = 24;

/// The status of an environment that was ended by somebody, or by a fault.
inline constexpr std::uint32_t status_killed = 137;
inline constexpr std::uint32_t status_faulted = 139;

}  // namespace lamina
