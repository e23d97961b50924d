// tests/unit/libos/linux/abi_test.cpp - numbers and structures are those of the host's headers.
#include "libos/linux/abi.hpp"

#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <bitset>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "doctest/doctest.h"
#include "libos/linux/errno.hpp"

namespace abi = libos::linux_abi;

// A wrong name or number does not compile.
#define LAMINA_LINUX_CALL(number, name, arguments, does) static_assert((number) == SYS_##name);
#include "libos/linux/calls.def"
#undef LAMINA_LINUX_CALL
#define LAMINA_LINUX_NAME(number, name) static_assert((number) == SYS_##name);
#include "libos/linux/names.def"
#undef LAMINA_LINUX_NAME

TEST_CASE("no call is in both tables, and none of Linux 6.1 in neither") {
    std::bitset<512> seen;
    std::size_t entries = 0;
#define LAMINA_LINUX_CALL(number, name, arguments, does) \
    seen.set(number);                                    \
    ++entries;
#include "libos/linux/calls.def"
#undef LAMINA_LINUX_CALL
#define LAMINA_LINUX_NAME(number, name) \
    seen.set(number);                   \
    ++entries;
#include "libos/linux/names.def"
#undef LAMINA_LINUX_NAME
    CHECK(seen.count() == entries);
    for (std::size_t number = 0; number <= SYS_rseq; ++number) {
        CAPTURE(number);
        CHECK(seen.test(number));
    }
    for (std::size_t number = SYS_pidfd_send_signal; number <= SYS_set_mempolicy_home_node;
         ++number) {
        CAPTURE(number);
        CHECK(seen.test(number));
    }
}

TEST_CASE("structures have the sizes of Linux") {
    CHECK(sizeof(abi::Stat) == sizeof(struct stat));
    CHECK(offsetof(abi::Stat, mode) == offsetof(struct stat, st_mode));
    CHECK(offsetof(abi::Stat, special_device) == offsetof(struct stat, st_rdev));
    CHECK(offsetof(abi::Stat, bytes) == offsetof(struct stat, st_size));
    CHECK(offsetof(abi::Stat, block_bytes) == offsetof(struct stat, st_blksize));
    CHECK(sizeof(abi::TimeSpec) == sizeof(struct timespec));
    CHECK(sizeof(abi::TimeValue) == sizeof(struct timeval));
    CHECK(sizeof(abi::UtsName) == sizeof(struct utsname));
    CHECK(offsetof(abi::UtsName, machine) == offsetof(struct utsname, machine));
    CHECK(sizeof(abi::ResourceLimit) == sizeof(struct rlimit));
    CHECK(sizeof(abi::ResourceUsage) == sizeof(struct rusage));
    CHECK(sizeof(abi::SystemInfo) == sizeof(struct sysinfo));
    CHECK(offsetof(abi::SystemInfo, processes) == offsetof(struct sysinfo, procs));
    CHECK(offsetof(abi::SystemInfo, unit_bytes) == offsetof(struct sysinfo, mem_unit));
    CHECK(sizeof(abi::IoPart) == sizeof(struct iovec));
}

TEST_CASE("constants are those of Linux") {
    CHECK(abi::mode_character_device == S_IFCHR);
    CHECK(abi::mode_directory == S_IFDIR);
    CHECK(abi::clock_wall == CLOCK_REALTIME);
    CHECK(abi::clock_monotonic == CLOCK_MONOTONIC);
    CHECK(abi::clock_wall_coarse == CLOCK_REALTIME_COARSE);
    CHECK(abi::clock_wall_alarm == CLOCK_REALTIME_ALARM);
    CHECK(abi::clock_atomic == CLOCK_TAI);
    CHECK(abi::clock_process_cpu == CLOCK_PROCESS_CPUTIME_ID);
    CHECK(abi::clock_thread_cpu == CLOCK_THREAD_CPUTIME_ID);
    CHECK(abi::clock_last == CLOCK_TAI);
    CHECK(abi::timer_absolute == TIMER_ABSTIME);
    CHECK(abi::limit_stack == RLIMIT_STACK);
    CHECK(abi::limit_core == RLIMIT_CORE);
    CHECK(abi::limit_files == RLIMIT_NOFILE);
    CHECK(abi::limit_count == RLIM_NLIMITS);
    CHECK(abi::open_create == O_CREAT);
    CHECK(abi::open_exclusive == O_EXCL);
    CHECK(abi::open_close_on_exec == O_CLOEXEC);
    CHECK(abi::open_read_write == O_RDWR);
    CHECK(abi::at_empty_path == 0x1000);
    CHECK(abi::access_write == W_OK);
    CHECK(abi::fcntl_duplicate == F_DUPFD);
    CHECK(abi::fcntl_duplicate_close_on_exec == F_DUPFD_CLOEXEC);
    CHECK(abi::fcntl_get_flags == F_GETFD);
    CHECK(abi::fcntl_set_flags == F_SETFD);
    CHECK(abi::fcntl_get_status == F_GETFL);
    CHECK(abi::fcntl_set_status == F_SETFL);
    CHECK(abi::advice_dont_need == MADV_DONTNEED);
    CHECK(abi::arch_set_fs == ARCH_SET_FS);
    CHECK(abi::arch_get_fs == ARCH_GET_FS);
    CHECK(abi::futex_wait == FUTEX_WAIT);
    CHECK(abi::futex_wake == FUTEX_WAKE);
    CHECK(abi::futex_wait_bitset == FUTEX_WAIT_BITSET);
    CHECK(abi::futex_wake_bitset == FUTEX_WAKE_BITSET);
    CHECK(abi::futex_flags == (FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME));
}

TEST_CASE("error numbers are those of Linux") {
    using enum abi::Errno;
    const std::pair<abi::Errno, int> all[] = {
        {eperm, EPERM},   {enoent, ENOENT},       {esrch, ESRCH},   {eintr, EINTR},
        {ebadf, EBADF},   {eagain, EAGAIN},       {enomem, ENOMEM}, {eacces, EACCES},
        {efault, EFAULT}, {eexist, EEXIST},       {enodev, ENODEV}, {enotdir, ENOTDIR},
        {eisdir, EISDIR}, {einval, EINVAL},       {emfile, EMFILE}, {enotty, ENOTTY},
        {espipe, ESPIPE}, {erofs, EROFS},         {erange, ERANGE}, {enametoolong, ENAMETOOLONG},
        {enosys, ENOSYS}, {etimedout, ETIMEDOUT},
    };
    for (const auto& [ours, theirs] : all)
        CHECK(int(ours) == theirs);
    CHECK(abi::to_register(lamina::fail(enosys)) == std::uint64_t(-ENOSYS));
    CHECK(abi::to_register(7) == 7);
}
