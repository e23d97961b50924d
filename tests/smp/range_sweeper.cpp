// tests/smp/range_sweeper.cpp - an app of two vCPUs on each CPU, which enter contexts by the resume
// range, over and over, and check that no register of them is lost. One of the two is told of the
// end of its slice, the other one of the begin of the next.
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <span>

#include "lamina/info.hpp"
#include "libos/clock/clock.hpp"
#include "libos/console/console.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vcpu/vcpu.hpp"

extern "C" {
void sweeper_enter(const lamina::SavedContext*, std::uint64_t vector);
void sweeper_tick();
extern const std::byte sweeper_probe[], sweeper_leave[];
extern const std::byte libos_upcall_trap[], libos_upcall_run[], libos_resume[], libos_resume_end[];
}

namespace {

namespace fixed = libos::fixed;
using libos::Hex;

constexpr std::uint32_t sweepers_max = 16;
/// More than a slice: between two ticks every slice that was running has ended.
constexpr std::uint64_t tick_ns = 20'000'000;
/// Words of VcpuArea::user: what the handler of exceptions compares with, and what it has found.
constexpr std::size_t expected_word = 2;
constexpr std::size_t rounds_word = 3;

/// What a context is to be when it raises its exception.
struct Expected {
    lamina::SavedContext context;
    std::uint64_t vector;
};

std::atomic<std::uint64_t> next_tick_ns = 0;
std::atomic<std::uint64_t> wrong_rounds = 0;

std::uint64_t address(const std::byte* symbol) { return reinterpret_cast<std::uint64_t>(symbol); }

/// Every register another number; no flags, all that a program may set but TF and RF, or TF too.
Expected pattern(std::uint64_t seed) {
    Expected made = {};
    std::array<std::uint64_t, sizeof made / 8> words;
    for (std::size_t i = 0; i < words.size(); ++i)
        words[i] = (seed * words.size() + i) * 0x9e37'79b9'7f4a'7c15;
    std::memcpy(&made, words.data(), sizeof made);
    made.context.rip = address(sweeper_probe);
    constexpr std::array<std::uint64_t, 3> flags = {0x202, 0x24'4ed7, 0x24'4fd7};
    made.context.rflags = flags[seed % flags.size()];
    return made;
}

/// On the upcall stack, disabled.
bool compare(lamina::VcpuArea& area) {
    constexpr std::uint64_t resume_flag = 0x1'0000;
    const auto& expected = *reinterpret_cast<const Expected*>(area.user[expected_word]);
    std::uint64_t vector;
    asm volatile("movq %%xmm9, %0" : "=r"(vector));
    lamina::SavedContext seen = area.trap;
    seen.rflags &= ~resume_flag;
    if (&area != &libos::vcpu_area() || vector != expected.vector ||
        std::memcmp(&seen, &expected.context, sizeof seen) != 0)
        ++wrong_rounds;
    ++area.user[rounds_word];
    area.trap.rip = address(sweeper_leave);
    area.trap.rflags = 0x202;
    return true;
}

/// One tick in each tick_ns, made by whoever comes by.
void tick() {
    const auto now = libos::now_ns();
    std::uint64_t due = next_tick_ns;
    if (now && *now >= due && next_tick_ns.compare_exchange_strong(due, *now + tick_ns))
        sweeper_tick();
}

/// Has a vCPU told of the begin of a slice only.
lamina::Result<void> bind_without_slice_end(lamina::VcpuArea& area) {
    lamina::VcpuEntries entries = {};
    entries.run = address(libos_upcall_run);
    entries.trap = address(libos_upcall_trap);
    entries.stack = area.user[libos::upcall_stack_word];
    entries.resume_start = address(libos_resume);
    entries.resume_end = address(libos_resume_end);
    return libos::sys::vcpu_bind(lamina::Handle(area.user[libos::vcpu_word]), &area, &entries);
}

[[noreturn]] void sweep(void* number) {
    lamina::VcpuArea& area = libos::vcpu_area();
    for (std::uint64_t round = 0;; ++round) {
        const Expected expected = pattern(reinterpret_cast<std::uint64_t>(number) << 40 | round);
        area.user[expected_word] = reinterpret_cast<std::uint64_t>(&expected);
        sweeper_enter(&expected.context, expected.vector);
        tick();
    }
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    lamina::InfoPage info = {};
    if (!libos::start_upcalls() || !libos::read_info(info)) return 1;
    libos::set_trap_handler(6, compare);
    std::array<libos::Vcpu*, sweepers_max> sweepers = {};
    const std::uint32_t count = 2 * info.cpu_count_used;
    if (count > sweepers_max || !libos::now_ns()) return 2;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto made = libos::Vcpu::create(fixed::account, i % info.cpu_count_used);
        if (!made) return 3;
        sweepers[i] = *made;
        if (i < info.cpu_count_used && !bind_without_slice_end(sweepers[i]->area())) return 6;
        sweepers[i]->run(sweep, reinterpret_cast<void*>(i + 1));
    }
    for (std::uint32_t i = 0; i < count; ++i)
        while (sweepers[i]->area().user[rounds_word] < 100)
            (void)libos::sys::vcpu_yield();
    libos::print("sweeper runs\n");
    const auto note = libos::own(libos::sys::notification_create(fixed::account));
    if (!note) return 4;
    for (;;) {
        const auto now = libos::now_ns();
        if (!now) return 5;
        (void)libos::sys::notification_wait(note->get(), 1, *now + tick_ns);
        if (wrong_rounds != 0) {
            libos::print("wrong rounds\n");
            return 7;
        }
    }
}
