// tests/guest/hostile.cpp - an app that attacks the kernel and its neighbours as its argument says.
// Status 0: the kernel refused as it should, and the app could go on.
#include "tests/guest/hostile.hpp"

#include <array>

#include "libos/console/console.hpp"
#include "libos/rt/app.hpp"
#include "libos/upcall/upcall.hpp"

extern "C" const std::byte hostile_foreign_entry[], libos_upcall_trap[], libos_upcall_run[],
    libos_upcall_slice_end[], libos_resume[], libos_resume_end[], libos_upcall_stack_top[];

namespace hostile {

using lamina::Protection;
using lamina::VcpuEntries;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

VcpuEntries good_entries() {
    return {.run = address(libos_upcall_run),
            .trap = address(libos_upcall_trap),
            .slice_end = address(libos_upcall_slice_end),
            .foreign = address(hostile_foreign_entry),
            .stack = address(libos_upcall_stack_top),
            .resume_start = address(libos_resume),
            .resume_end = address(libos_resume_end)};
}

lamina::Result<void> bind(const VcpuEntries& entries) {
    return sys::vcpu_bind(vcpu, &libos::vcpu_area(), &entries);
}

static bool skip_ud2(lamina::VcpuArea& area) {
    area.trap.rip += 2;
    return true;
}

// Upcalls as an app of good will has them.
void start() {
    if (!libos::start_upcalls(address(hostile_foreign_entry))) libos::exit(90);
    libos::set_trap_handler(6, skip_ud2);
}

// A new page of this app's own at a known address.
std::uint64_t map_page() {
    const auto frames = sys::frames_alloc(fixed::account, 1);
    if (!frames || !sys::frames_map(fixed::self, *frames, 0, 1, page_of_mine,
                                    Protection::read | Protection::write))
        libos::exit(91);
    (void)sys::cap_drop(*frames);
    return page_of_mine;
}

}  // namespace hostile

namespace {

// Computes on while others do harm, and says whether it computed right.
int compute() {
    std::array<std::uint64_t, 4> sums = {};
    for (auto& sum : sums) {
        std::uint64_t state = 88172645463325252ULL;
        for (int i = 0; i < 3'000'000; ++i) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            sum += state;
        }
    }
    for (const auto sum : sums)
        if (sum != sums[0]) return hostile::accepted;
    return hostile::refused;
}

}  // namespace

int lamina_main(std::span<const std::string_view> arguments) {
    if (arguments.size() != 2) return 99;
    if (arguments[1] == "compute") return compute();
    for (const auto deeds : {hostile::area_deeds(), hostile::upcall_deeds(), hostile::entry_deeds(),
                             hostile::memory_deeds(), hostile::race_deeds()})
        for (const auto& deed : deeds)
            if (arguments[1] == deed.name) return deed.function();
    libos::print("hostile: do what?\n");
    return 99;
}
