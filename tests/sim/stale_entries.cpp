// tests/sim/stale_entries.cpp - no CPU uses an entry after the shoot-down has returned.
#include "tests/sim/stale_entries.hpp"

#include <string>

#include "tests/sim/violation.hpp"

namespace sim {
namespace {

std::string name_of(const Cpu& cpu, const Translation& entry) {
    return "CPU " + std::to_string(cpu.index) + ", page " +
           std::to_string(entry.address / exo::page_size) + ", level " +
           std::to_string(entry.level) + ", frame " + std::to_string(entry.frame().value);
}

/// Whether the tables still say at least what is remembered.
bool holds(const Translation& entry, std::uint64_t now) {
    if ((now & exo::PageEntry::present) == 0) return false;
    if ((now & exo::PageEntry::address_mask) != entry.target()) return false;
    if (exo::PageEntry{now}.is_leaf(entry.level) != entry.is_page()) return false;
    const bool gone = entry.writable() && (now & exo::PageEntry::writable) == 0;
    const bool no_execute = entry.executable() && (now & exo::PageEntry::no_execute) != 0;
    return !gone && !no_execute;
}

struct Check {
    Machine* machine;
    const Cpu* actor;
    const Incarnations* incarnations;

    void entry(Cpu& cpu, Translation& remembered) const {
        if (remembered.frame().value >= frame_count ||
            incarnations->of(remembered) != remembered.incarnation)
            violated("A frame is not given out again while a CPU can still reach it.",
                     name_of(cpu, remembered));
        const std::uint64_t now = Tlb::walk(cpu.root, remembered.address, remembered.level);
        if (holds(remembered, now)) {
            remembered.stale_by = {};
            return;
        }
        Culprit& by = remembered.stale_by;
        if (by.cpu == Culprit::nobody) by = {actor->index, actor->kernel_exits};
        const Cpu& culprit = machine->cpu(by.cpu);
        if (!culprit.in_kernel || culprit.kernel_exits != by.kernel_exits)
            violated("When a change of page tables is done no CPU uses the old entry.",
                     name_of(cpu, remembered));
    }
};

}  // namespace

void check_stale_entries(Machine& machine, const Cpu& actor, const Incarnations& incarnations) {
    const Check check{&machine, &actor, &incarnations};
    for (unsigned i = 0; i < cpu_count; ++i) {
        Cpu& cpu = machine.cpu(i);
        const std::uint32_t root = exo::frame_of(cpu.root).value;
        if (cpu.root.value != 0 && KernelView::info(root).state != exo::FrameState::table)
            violated("The page tables a CPU has loaded are tables.", "CPU " + std::to_string(i));
        for (Translation* entry : cpu.tlb.usable())
            check.entry(cpu, *entry);
    }
}

}  // namespace sim
