// libos/linux/process_calls.cpp - system calls on the process, its limits and the machine.
#include "libos/linux/process.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "libos/clock/clock.hpp"
#include "libos/info/info.hpp"
#include "libos/linux/abi.hpp"
#include "libos/linux/calls.hpp"
#include "libos/linux/descriptors.hpp"
#include "libos/sys/calls.hpp"
#include "libos/vm/layout.hpp"

namespace libos::linux_abi::calls {

using lamina::fail;

namespace {

// Instructions that 64-bit code uses for FS base (Intel SDM vol. 2, RDFSBASE, WRFSBASE).
[[gnu::target("fsgsbase")]] void write_fs_base(word base) { __builtin_ia32_wrfsbase64(base); }
[[gnu::target("fsgsbase")]] word read_fs_base() { return __builtin_ia32_rdfsbase64(); }

template <std::size_t size>
void set_text(char (&field)[size], std::string_view text) {
    std::memcpy(field, text.data(), std::min(text.size(), size - 1));
}

Outcome<ResourceLimit> limit_of(integer resource) {
    if (resource < 0 || resource >= limit_count) return fail(Errno::einval);
    switch (resource) {
        case limit_stack:
            return ResourceLimit{layout::linux_stack_bytes_max, layout::linux_stack_bytes_max};
        case limit_core: return ResourceLimit{0, 0};
        case limit_files:
            return ResourceLimit{Descriptors::descriptors_max, Descriptors::descriptors_max};
        default: return ResourceLimit{limit_infinite, limit_infinite};
    }
}

}  // namespace

Value exit(integer status) { end_process(status); }
Value exit_group(integer status) { end_process(status); }

Value getpid() { return word(process_id()); }
Value gettid() { return word(process_id()); }
Value getppid() { return 0; }
Value getuid() { return 0; }
Value geteuid() { return 0; }
Value getgid() { return 0; }
Value getegid() { return 0; }

// Told to nobody: the one thread's end is the program's.
Value set_tid_address(address) { return word(process_id()); }
Value set_robust_list(address, word) { return 0; }

Value sched_yield() {
    (void)sys::vcpu_yield();
    return 0;
}

Value sched_getaffinity(integer, word bytes, address out) {
    constexpr word first_processor = 1;
    if (bytes < sizeof first_processor || bytes % sizeof(word) != 0) return fail(Errno::einval);
    LAMINA_CHECK(store(out, first_processor));
    return sizeof first_processor;
}

Value arch_prctl(integer code, address value) {
    switch (code) {
        case arch_set_fs:
            if (!lamina::in_user_half(value.value, 0)) return fail(Errno::eperm);
            write_fs_base(value.value);
            return 0;
        case arch_get_fs: LAMINA_CHECK(store(value, read_fs_base())); return 0;
        default: return fail(Errno::einval);
    }
}

Value uname(address out) {
    UtsName name = {};
    set_text(name.system, "Linux");
    set_text(name.node, "lamina");
    set_text(name.release, "6.1.0-lamina");
    set_text(name.machine, "x86_64");
    set_text(name.domain, "(none)");
    if (const auto pages = info_pages())
        set_text(name.version, text_of((*pages)->page.build_version));
    LAMINA_CHECK(store(out, name));
    return 0;
}

Value getrlimit(integer resource, address out) {
    LAMINA_TRY(const auto limit, limit_of(resource));
    LAMINA_CHECK(store(out, limit));
    return 0;
}

Value prlimit64(integer pid, integer resource, address limit, address before) {
    LAMINA_TRY(const auto old, limit_of(resource));
    if (pid != 0 && pid != process_id()) return fail(Errno::esrch);
    if (!limit.is_null()) return fail(Errno::eperm);
    LAMINA_CHECK(store_if_wanted(before, old));
    return 0;
}

Value sysinfo(address out) {
    lamina::InfoPage page;
    SystemInfo info = {};
    if (!read_info(page)) return fail(Errno::enosys);
    constexpr word nanoseconds = 1'000'000'000;
    info.uptime_seconds = std::int64_t(now_ns().value_or(0) / nanoseconds);
    info.memory_total = page.frames_total;
    info.memory_free = page.frames_free;
    info.processes = std::uint16_t(page.env_count);
    info.unit_bytes = lamina::page_size;
    LAMINA_CHECK(store(out, info));
    return 0;
}

Value getrandom(address out, word bytes, word) {
    LAMINA_TRY(const auto buffer, writable(out, bytes));
    fill_random(buffer);
    return bytes;
}

}  // namespace libos::linux_abi::calls
