// apps/bench/counted.cpp - reading what the kernel has counted.
#include "apps/bench/counted.hpp"

#include "libos/console/console.hpp"
#include "libos/info/info.hpp"
#include "libos/sys/calls.hpp"

namespace bench {

Counted counted() {
    (void)libos::sys::vcpu_yield();
    lamina::InfoPage page = {};
    (void)libos::read_info(page);
    return {page.system_calls + page.faults, page.table_loads, page.page_invalidations,
            page.switches};
}

Counted counted_alone() {
    for (;;) {
        const std::uint64_t switches = counted().switches;
        if (const Counted now = counted(); now.switches == switches) return now;
    }
}

void row(std::string_view name, std::uint64_t value, const Counted& before, const Counted& after,
         std::uint64_t times) {
    libos::print(name, " ", value, " crossings ", (after.crossings - before.crossings - 1) / times,
                 " cr3 ", (after.table_loads - before.table_loads) / times, " invlpg ",
                 (after.invalidations - before.invalidations) / times, "\n");
}

}  // namespace bench
