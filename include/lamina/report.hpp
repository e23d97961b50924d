// include/lamina/report.hpp - CapInfo and EnvReport: structures system calls write to user memory.
#pragma once

#include <cstdint>

#include "lamina/rights.hpp"
#include "lamina/syscalls.hpp"

namespace lamina {

/// What cap_inspect tells of a capability.
struct CapInfo {
    ObjectType type;
    std::uint8_t reserved[3];
    Rights rights;
    /// Frames: physical page number of the first page. Notification: the badge. Else 0.
    std::uint64_t first_frame;
    std::uint64_t count;  ///< Frames: pages. Account: frames of its quota. Else 0.
    std::uint64_t used;   ///< Account: frames charged now; else 0.
    std::uint64_t id;     ///< Env: its id, which never repeats; else 0.
};
static_assert(sizeof(CapInfo) == 40);

/// How an environment ended.
enum class EndCause : std::uint32_t {
    exited = 0,                  ///< It ended itself; `status` is what it gave.
    killed = 1,                  ///< Another environment ended it; `status` is what that one gave.
    faulted = 2,                 ///< An exception; `vector` and the registers tell.
    foreign_while_disabled = 3,  ///< A foreign call that its entry could not be told of.
    revoked = 4,                 ///< The page of its VcpuArea was revoked.
};

/// The last words of an environment. Registers are those at the fault, else zero.
struct EnvReport {
    EndCause cause;
    std::uint32_t status;
    std::uint64_t env_id;
    char name[env_name_bytes_max + 8];  ///< NUL-terminated.
    std::uint32_t vector;               ///< Exception vector (Intel SDM vol. 3A, 6.15).
    std::uint32_t error_code;           ///< As the processor pushed it; 0 for vectors without.
    std::uint64_t address;              ///< cr2, for page faults.
    std::uint64_t rip;
    std::uint64_t rsp;
    std::uint64_t rflags;
    std::uint64_t registers[15];  ///< rax rbx rcx rdx rsi rdi rbp r8-r15.
};
static_assert(sizeof(EnvReport) == 16 + 32 + 8 + 32 + 120);

}  // namespace lamina
