// tests/smp/swarm.cpp - an app of several vCPUs that compute, until one of them ends them all in
// the way that is asked for: swarm <how> <vCPUs> <which of them>.
#include "tests/smp/swarm.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/info.hpp"
#include "lamina/slice.hpp"
#include "lamina/vcpu.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/text/text.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vcpu/vcpu.hpp"
#include "libos/vm/mapping.hpp"

namespace {

namespace fixed = libos::fixed;
namespace sys = libos::sys;
using Deed = void (*)();
constexpr auto writable = lamina::Protection::read | lamina::Protection::write;

constinit swarm::Control* control = nullptr;
constinit std::uint32_t vcpu_count = 0;
constinit std::uint32_t doer = 0;
constinit Deed deed = nullptr;

// --- what they compute: a sum of a table that nobody changes

constexpr std::uint64_t seed = 0x9e37'79b9'7f4a'7c15;
constexpr std::size_t table_words = 1024;

constexpr std::uint64_t step(std::uint64_t sum, std::uint64_t word) {
    sum ^= word + (sum << 6) + (sum >> 2);
    return sum * 0xff51'afd7'ed55'8ccd;
}

using Table = std::array<std::uint64_t, table_words>;
constexpr Table make_table() {
    Table made = {};
    for (std::size_t i = 0; i < made.size(); ++i)
        made[i] = (i + 1) * seed;
    return made;
}
// In frames of the app's own, which it may write.
alignas(4096) constinit Table table = make_table();

template <typename Words>
constexpr std::uint64_t sum_of(const Words& words) {
    std::uint64_t sum = seed;
    for (const std::uint64_t word : words)
        sum = step(sum, word);
    return sum;
}
constexpr std::uint64_t expected = sum_of(make_table());

bool compute_block(std::uint32_t number) {
    const std::uint64_t kept = seed * (number + 1);
    std::uint64_t after = 0;
    asm volatile("movq %0, %%xmm7" : : "r"(kept) : "xmm7", "memory");
    const std::uint64_t sum = sum_of(table);
    asm volatile("movq %%xmm7, %0" : "=r"(after) : "r"(sum) : "memory");
    return sum == expected && after == kept;
}

bool all_compute() {
    for (std::uint32_t i = 0; i < vcpu_count; ++i)
        if (control->beats[i] < swarm::blocks_before) return false;
    return true;
}

[[noreturn]] void run(std::uint32_t number) {
    while (control->stop == 0) {
        if (!compute_block(number)) ++control->wrong;
        ++control->beats[number];
        if (number == doer && deed != nullptr && all_compute()) deed();
    }
    libos::exit(0);
}

// --- how they end

void exit_by_itself() { libos::exit(7); }

void divide() { asm volatile("div %%ecx" : : "a"(1), "c"(0), "d"(0) : "cc"); }

void bad_opcode() { asm volatile("ud2"); }

void touch_nothing() { asm volatile("movb $1, (%0)" : : "r"(0x5800'0000'0000) : "memory"); }

constinit volatile std::uint64_t depth_max = ~std::uint64_t{0};

[[gnu::noinline]] std::uint64_t overflow(std::uint64_t depth) {
    if (depth == depth_max) return 0;
    volatile std::uint64_t frame[64] = {depth};
    return overflow(depth + 1) + frame[0];
}
void overflow_stack() { (void)overflow(0); }

// There is an entry for foreign calls, or this one would just be refused.
void call_while_disabled() {
    libos::vcpu_area().disabled = 1;
    constexpr std::uint64_t any_number = 39;
    (void)sys::enter(any_number);
    libos::exit(95);
}

void wait_for_ever() {
    deed = nullptr;
    const auto own = sys::notification_create(fixed::account);
    if (own) (void)sys::notification_wait(*own, 1, lamina::wait_forever);
}

// From then on its area is in a page that the test can revoke.
void move_area() {
    deed = nullptr;
    auto page = libos::Mapping::create(swarm::area_handle, 0, 1, writable);
    const lamina::VcpuEntries none = {};
    if (!page || !sys::vcpu_bind(lamina::Handle(libos::vcpu_area().user[libos::vcpu_word]),
                                 page->release().data(), &none))
        libos::exit(94);
    control->moved = 1;
}

struct Way {
    std::string_view name;
    Deed deed;
};
constexpr Way ways[] = {
    {"exit", exit_by_itself},      {"divide", divide},           {"opcode", bad_opcode},
    {"page-fault", touch_nothing}, {"overflow", overflow_stack}, {"foreign", call_while_disabled},
    {"wait", wait_for_ever},       {"revoked", move_area},       {"compute", nullptr},
};

bool create_others() {
    lamina::InfoPage info = {};
    if (!libos::read_info(info)) return false;
    static std::array<std::uint32_t, swarm::vcpus_max> numbers;
    for (std::uint32_t i = 1; i < vcpu_count; ++i) {
        const auto made = libos::Vcpu::create(fixed::account, i % info.cpu_count_used);
        if (!made || !sys::slice_set((*made)->handle(), lamina::slice_ns_min)) return false;
        numbers[i] = i;
        (*made)->run([](void* number) { run(*static_cast<std::uint32_t*>(number)); }, &numbers[i]);
    }
    return true;
}

}  // namespace

int lamina_main(std::span<const std::string_view> arguments) {
    if (arguments.size() != 4 || !libos::start_upcalls(reinterpret_cast<std::uint64_t>(bad_opcode)))
        return 90;
    vcpu_count = std::uint32_t(libos::parse_number(arguments[2]).value_or(0));
    doer = std::uint32_t(libos::parse_number(arguments[3]).value_or(0));
    const Way* chosen = nullptr;
    for (const Way& way : ways)
        if (way.name == arguments[1]) chosen = &way;
    if (vcpu_count == 0 || vcpu_count > swarm::vcpus_max || chosen == nullptr) return 91;
    deed = chosen->deed;
    auto page = libos::Mapping::create(swarm::control_handle, 0, 1, writable);
    if (!page) return 92;
    control = reinterpret_cast<swarm::Control*>(page->release().data());
    if (!create_others()) return 93;
    run(0);
}
