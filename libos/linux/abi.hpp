// libos/linux/abi.hpp - structures and numbers of the Linux system call interface on x86-64.
// Source: Linux 6.1, include/uapi; a host test compares them with the host's headers.
#pragma once

#include <cstdint>

namespace libos::linux_abi {

struct Stat {
    std::uint64_t device;
    std::uint64_t inode;
    std::uint64_t links;
    std::uint32_t mode;
    std::uint32_t user;
    std::uint32_t group;
    std::uint32_t padding;
    std::uint64_t special_device;
    std::int64_t bytes;
    std::int64_t block_bytes;
    std::int64_t blocks;
    std::uint64_t times[6];
    std::int64_t reserved[3];
};
static_assert(sizeof(Stat) == 144);

inline constexpr std::uint32_t mode_character_device = 0020000;
inline constexpr std::uint32_t mode_directory = 0040000;

struct TimeSpec {
    std::int64_t seconds;
    std::int64_t nanoseconds;
};

struct TimeValue {
    std::int64_t seconds;
    std::int64_t microseconds;
};

inline constexpr std::int32_t clock_wall = 0;
inline constexpr std::int32_t clock_monotonic = 1;
inline constexpr std::int32_t clock_process_cpu = 2;
inline constexpr std::int32_t clock_thread_cpu = 3;
inline constexpr std::int32_t clock_wall_coarse = 5;
inline constexpr std::int32_t clock_wall_alarm = 8;
inline constexpr std::int32_t clock_atomic = 11;
inline constexpr std::int32_t clock_last = 11;
inline constexpr std::int32_t timer_absolute = 1;

struct UtsName {
    char system[65];
    char node[65];
    char release[65];
    char version[65];
    char machine[65];
    char domain[65];
};
static_assert(sizeof(UtsName) == 390);

struct ResourceLimit {
    std::uint64_t soft;
    std::uint64_t hard;
};

inline constexpr std::uint64_t limit_infinite = ~std::uint64_t{0};
inline constexpr std::int32_t limit_stack = 3;
inline constexpr std::int32_t limit_core = 4;
inline constexpr std::int32_t limit_files = 7;
inline constexpr std::int32_t limit_count = 16;

struct ResourceUsage {
    TimeValue user;
    TimeValue system;
    std::int64_t rest[14];
};
static_assert(sizeof(ResourceUsage) == 144);

struct SystemInfo {
    std::int64_t uptime_seconds;
    std::uint64_t loads[3];
    std::uint64_t memory_total;
    std::uint64_t memory_free;
    std::uint64_t memory_shared;
    std::uint64_t memory_buffers;
    std::uint64_t swap_total;
    std::uint64_t swap_free;
    std::uint16_t processes;
    std::uint16_t padding;
    std::uint64_t high_total;
    std::uint64_t high_free;
    std::uint32_t unit_bytes;
};
static_assert(sizeof(SystemInfo) == 112);

struct IoPart {
    std::uint64_t address;
    std::uint64_t bytes;
};

inline constexpr std::int32_t io_parts_max = 1024;

inline constexpr std::int32_t open_create = 0100;
inline constexpr std::int32_t open_exclusive = 0200;
inline constexpr std::int32_t open_access_mask = 3;
inline constexpr std::int32_t open_close_on_exec = 02000000;
inline constexpr std::int32_t at_empty_path = 0x1000;
inline constexpr std::int32_t access_write = 2;

inline constexpr std::int32_t fcntl_duplicate = 0;
inline constexpr std::int32_t fcntl_get_flags = 1;
inline constexpr std::int32_t fcntl_set_flags = 2;
inline constexpr std::int32_t fcntl_get_status = 3;
inline constexpr std::int32_t fcntl_set_status = 4;
inline constexpr std::int32_t fcntl_duplicate_close_on_exec = 1030;
inline constexpr std::int32_t open_read_write = 2;

inline constexpr std::int32_t advice_dont_need = 4;

inline constexpr std::int32_t arch_set_gs = 0x1001;
inline constexpr std::int32_t arch_set_fs = 0x1002;
inline constexpr std::int32_t arch_get_fs = 0x1003;

inline constexpr std::int32_t futex_wait = 0;
inline constexpr std::int32_t futex_wake = 1;
inline constexpr std::int32_t futex_wait_bitset = 9;
inline constexpr std::int32_t futex_wake_bitset = 10;
inline constexpr std::int32_t futex_wall_clock = 256;
inline constexpr std::int32_t futex_flags = 128 | futex_wall_clock;  // private

}  // namespace libos::linux_abi
