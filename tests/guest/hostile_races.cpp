// tests/guest/hostile_races.cpp - what an app does while another CPU changes its vCPU area, the
// arguments of its calls and its mappings. The kernel must take each as it is at one moment.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "lamina/report.hpp"
#include "lamina/vcpu.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/upcall/upcall.hpp"
#include "tests/guest/hostile.hpp"
#include "tests/guest/races.hpp"

extern "C" {
int hostile_race_exception();
int hostile_race_foreign_call();
int hostile_race_write(std::uint64_t address, std::uint64_t value);
lamina::Status hostile_race_resume(std::uint64_t context, std::uint64_t call);
extern const std::byte hostile_race_entry[], hostile_race_arrived[], hostile_race_stack_top[],
    hostile_foreign_entry[], libos_upcall_trap[], libos_upcall_stack_top[], libos_resume[],
    libos_resume_end[];
extern std::uint64_t hostile_race_upcalls, hostile_race_flags, hostile_race_aliases[2];
}

namespace hostile {
namespace {

using lamina::SavedContext;
using lamina::Status;
using lamina::VcpuEntries;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

races::Control& control() { return *reinterpret_cast<races::Control*>(races::control_page); }

template <typename T>
T& at_border() {
    return *reinterpret_cast<T*>(races::argument_border - races::bytes_before_border);
}

// The test maps the pages when this app runs already, the control page last. A call that would fail
// for another cause tells whether it is there.
void await_pages() {
    while (is(sys::vcpu_bind(vcpu, races::control_page, kernel_image), Status::not_mapped))
        (void)sys::vcpu_yield();
    control().upcall_code = lamina::page_floor(address(libos_upcall_trap));
    control().upcall_stack = lamina::page_floor(address(libos_upcall_stack_top) - 1);
}

// Beside refused and accepted: the call failed before it could go wrong, which does not count.
constexpr int failed = -1;

// No context gives more than a program can have: interrupts on, IOPL 0, not VM, VIF or VIP
// (Intel SDM vol. 1, 3.4.3).
bool is_user(std::uint64_t flags) { return (flags & 0x1a'3200) == 0x200; }

bool runs_as_user() {
    std::uint64_t flags;
    asm volatile("pushfq\n pop %0" : "=r"(flags));
    return is_user(flags);
}

// Entries in code that takes nothing from the area.
VcpuEntries own_entries() {
    return {.run = 0,
            .trap = address(hostile_race_entry),
            .slice_end = 0,
            .foreign = address(hostile_race_entry),
            .stack = address(hostile_race_stack_top),
            .resume_start = address(libos_resume),
            .resume_end = address(libos_resume_end)};
}

bool bind_shared_area(const VcpuEntries& entries) {
    hostile_race_aliases[0] = races::area_aliases;
    hostile_race_aliases[1] = races::area_aliases + lamina::page_size;
    return sys::vcpu_bind(vcpu, races::area_page, &entries).has_value();
}

// What every deed here starts with; false if the area is refused.
bool start_race() {
    await_pages();
    return bind_shared_area(own_entries());
}

void count_event() { control().events.fetch_add(1, std::memory_order_relaxed); }

// Does it until the test says stop, or it goes wrong.
template <typename Act>
int repeat(Act act) {
    control().ready = 1;
    while (control().stop == 0) {
        const int result = act();
        if (result == failed) continue;
        if (result != refused) return result;
        if (!runs_as_user()) return accepted;
        count_event();
    }
    return refused;
}

int race_exceptions() {
    if (!start_race()) return 2;
    return repeat(hostile_race_exception);
}

int race_foreign_calls() {
    if (!start_race()) return 2;
    return repeat(hostile_race_foreign_call);
}

// Upcalls as an app of good will has them, but with the shared area.
int race_by_libos() {
    await_pages();
    start();
    auto& area = *reinterpret_cast<lamina::VcpuArea*>(races::area_page);
    area.self = races::area_page;
    std::ranges::copy(libos::vcpu_area().user, area.user);
    // An upcall in between would look for its context in the other area.
    libos::vcpu_area().disabled = 1;
    asm volatile("wrgsbase %0" : : "r"(races::area_page) : "memory");
    if (!bind_shared_area(good_entries())) return 2;
    return repeat([] {
        asm volatile("ud2");
        (void)sys::enter(4242);
        return refused;
    });
}

// A context that is to lead to hostile_race_arrived.
void put_context() {
    auto& context = at_border<SavedContext>();
    context = {};
    context.rip = address(hostile_race_arrived);
    context.rsp = address(hostile_race_stack_top);
    context.rflags = 0x202;
}

// Goes on only where the context says at one moment, and that is in user code.
int resume(Status refusal) {
    const auto result = hostile_race_resume(address(&at_border<SavedContext>()),
                                            sys::tagged(lamina::Call::vcpu_resume));
    if (result != Status::ok) return result == refusal ? failed : 3;
    return is_user(hostile_race_flags) ? refused : accepted;
}

template <Status refusal>
int race_resume() {
    if (!start_race()) return 2;
    put_context();
    return repeat([] { return resume(refusal); });
}

// The entries that are bound are good ones, whatever becomes of their memory.
template <Status refusal>
int race_bind() {
    if (!start_race()) return 2;
    at_border<VcpuEntries>() = own_entries();
    return repeat([] {
        const auto bound = sys::vcpu_bind(vcpu, races::area_page, &at_border<VcpuEntries>());
        if (!bound && bound.error() != refusal) return 3;
        const int came = hostile_race_exception();
        return came == 0 && !bound ? failed : came;
    });
}

// The area's mapping comes and goes, and with it another frame.
int race_bind_area() {
    if (!start_race()) return 2;
    return repeat([] {
        const auto entries = own_entries();
        const auto bound = sys::vcpu_bind(vcpu, races::area_page, &entries);
        if (!bound && bound.error() != Status::not_mapped) return 3;
        if (hostile_race_exception() != 0) return 4;
        return hostile_race_foreign_call();
    });
}

bool has_good_name(lamina::Handle env, std::size_t bytes) {
    lamina::EnvReport report = {};
    (void)sys::env_end(env, 0);
    while (!sys::env_report(env, &report))
        (void)sys::vcpu_yield();
    return std::ranges::all_of(std::string_view(report.name, bytes),
                               [](char c) { return c > ' ' && c <= '~'; });
}

// A name is checked and used as it was at one moment. Many are made in a row: while they end, the
// other CPU has nothing to meet.
int race_names() {
    if (!start_race()) return 2;
    constexpr std::string_view name = "a-name-across-two-pages";
    std::memcpy(&at_border<char>(), name.data(), name.size());
    return repeat([name] {
        std::array<libos::OwnedHandle, 50> made;
        for (auto& env : made) {
            while (env.get() == lamina::Handle::null) {
                auto tried = libos::own(sys::env_create(fixed::account, &at_border<char>(),
                                                        name.size(), lamina::Handle::null, 0, 0));
                if (!tried && tried.error() != Status::bad_argument) return 3;
                if (tried) env = std::move(*tried);
                count_event();
            }
        }
        const bool good = std::ranges::all_of(
            made, [name](const auto& env) { return has_good_name(env.get(), name.size()); });
        return good ? refused : accepted;
    });
}

// A result is written as a whole or not at all.
int race_results() {
    if (!start_race()) return 2;
    return repeat([] {
        constexpr std::uint64_t words = sizeof(lamina::CapInfo) / sizeof(std::uint64_t);
        constexpr std::uint64_t untouched = 0x5ca1'ab1e'0ddb'a115;
        volatile auto* const seen = reinterpret_cast<std::uint64_t*>(
            races::argument_aliases + lamina::page_size - races::bytes_before_border);
        for (std::uint64_t i = 0; i < words; ++i)
            seen[i] = untouched;
        const auto told = sys::cap_inspect(fixed::self, &at_border<lamina::CapInfo>());
        if (!told && told.error() != Status::not_mapped) return 3;
        for (std::uint64_t i = 0; i < words; ++i)
            if ((seen[i] == untouched) == told.has_value()) return accepted;
        return refused;
    });
}

// Writes to a page that is taken away and given back.
int race_writes() {
    if (!start_race()) return 2;
    return repeat([] {
        static std::uint64_t value = 0;
        (void)hostile_race_write(races::argument_border, ++value);
        return refused;
    });
}

// Everything at once, until somebody ends it.
int race_until_killed() {
    if (!start_race()) return 2;
    return repeat([] {
        const auto entries = own_entries();
        (void)hostile_race_exception();
        (void)hostile_race_foreign_call();
        (void)sys::vcpu_bind(vcpu, races::area_page, &entries);
        (void)sys::frames_unmap(fixed::self, races::argument_pages, 1);
        if (const auto run = libos::own(sys::frames_alloc(fixed::account, 1)))
            (void)sys::frames_map(fixed::self, run->get(), 0, 1, races::argument_pages,
                                  lamina::Protection::read);
        return refused;
    });
}

std::uint64_t some_sum() {
    std::uint64_t state = 88172645463325252ULL;
    std::uint64_t sum = 0;
    for (int i = 0; i < 100'000; ++i) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        sum += state;
    }
    return sum;
}

// An environment that has nothing to do with it: computes until it is told to stop, and says
// whether it computed right.
int race_neighbour() {
    await_pages();
    const auto sum = some_sum();
    return repeat([sum] {
        (void)sys::vcpu_yield();
        return some_sum() == sum ? refused : accepted;
    });
}

constexpr Deed deeds[] = {
    {"race_exceptions", race_exceptions},
    {"race_foreign_calls", race_foreign_calls},
    {"race_by_libos", race_by_libos},
    {"race_resume_changed", race_resume<Status::bad_address>},
    {"race_resume_unmapped", race_resume<Status::not_mapped>},
    {"race_bind_changed", race_bind<Status::bad_address>},
    {"race_bind_unmapped", race_bind<Status::not_mapped>},
    {"race_bind_area", race_bind_area},
    {"race_names", race_names},
    {"race_results", race_results},
    {"race_writes", race_writes},
    {"race_until_killed", race_until_killed},
    {"race_neighbour", race_neighbour},
};

}  // namespace

std::span<const Deed> race_deeds() { return deeds; }

}  // namespace hostile
