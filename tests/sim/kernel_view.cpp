// tests/sim/kernel_view.cpp - finding the kernel's objects.
#include "tests/sim/kernel_view.hpp"

#include <string>

#include "exokernel/env/console.hpp"
#include "tests/sim/boot.hpp"
#include "tests/sim/violation.hpp"

namespace sim {
namespace {

using exo::FrameState;
using exo::ObjectType;

template <typename T>
T* object_in(exo::FrameNumber frame) {
    return static_cast<T*>(exo::FrameTable::contents(frame));
}

}  // namespace

void KernelView::refresh() {
    envs_.clear();
    accounts_.assign(1, root_);
    notifications_.clear();
    vcpus_.clear();
    gates_.clear();
    slices_.clear();
    unknown_.clear();
    for (std::uint32_t i = 0; i < exo::frames.size(); ++i) {
        const exo::FrameNumber frame{i};
        if (exo::frames.info(frame).state != FrameState::object) continue;
        switch (object_in<exo::Object>(frame)->type) {
            case ObjectType::env: envs_.push_back(object_in<exo::Env>(frame)); break;
            case ObjectType::vcpu: vcpus_.push_back(object_in<exo::Vcpu>(frame)); break;
            case ObjectType::slice: slices_.push_back(object_in<exo::Slice>(frame)); break;
            case ObjectType::account: accounts_.push_back(object_in<exo::Account>(frame)); break;
            case ObjectType::notification:
                notifications_.push_back(object_in<exo::Notification>(frame));
                break;
            case ObjectType::gate: gates_.push_back(object_in<exo::Gate>(frame)); break;
            default: unknown_.push_back(frame);
        }
    }
}

exo::Env* KernelView::find_env(std::uint64_t id) const {
    for (exo::Env* env : envs_)
        if (env->id == id) return env;
    return nullptr;
}

std::size_t KernelView::place_of(const exo::Object& object) const {
    if (&object == root_) return frame_count_large;
    if (&object == &exo::console) return frame_count_large + 1;
    if (&object == &machine_object()) return frame_count_large + 2;
    const auto offset = std::uint64_t(reinterpret_cast<const std::byte*>(&object) -
                                      static_cast<std::byte*>(exo::arch::direct_map({})));
    const std::uint64_t frame = offset / exo::page_size;
    if (offset % exo::page_size != 0 || frame >= frame_count ||
        info(std::uint32_t(frame)).state != FrameState::object)
        violated("What refers to an object refers to one that lives.",
                 "frame " + std::to_string(frame));
    return frame;
}

std::vector<SlotView> KernelView::slots(const exo::Env& env) {
    auto& table = const_cast<exo::CapTable&>(env.caps);
    std::vector<SlotView> found(table.page_count() * exo::CapPage::slots);
    for (std::uint32_t slot = 0; slot < found.size(); ++slot)
        if (const exo::CapSlot* cap = table.at(slot)) found[slot] = {*cap, cap->name};
    return found;
}

bool KernelView::is_used(std::uint32_t frame) {
    const FrameState state = info(frame).state;
    return state != FrameState::free && state != FrameState::free_head;
}

bool KernelView::is_run(std::uint32_t frame) {
    const FrameState state = info(frame).state;
    return state == FrameState::run_head || state == FrameState::run_tail;
}

std::uint32_t KernelView::head_of(std::uint32_t frame) {
    const exo::FrameInfo& info = exo::frames.info({frame});
    return info.state == FrameState::run_tail ? frame - info.extent : frame;
}

std::uint32_t KernelView::run_with(const exo::Object* object) {
    if (object == nullptr || object->type != ObjectType::frames) return frame_count;
    return exo::frames.number_of(static_cast<const exo::FrameInfo&>(*object)).value;
}

namespace {

void collect_below(const TableView& above, std::vector<TableView>& found) {
    found.push_back(above);
    if (above.level == 1) return;
    const auto& table = KernelView::table(above.frame);
    const unsigned entries = exo::page_table_entries / (above.level == 4 ? 2 : 1);
    for (unsigned i = 0; i < entries; ++i) {
        const exo::PageEntry entry = table.entry[i];
        if (!entry.is_present() || entry.is_leaf(above.level)) continue;
        const exo::FrameNumber frame = exo::frame_of(entry.target());
        if (frame.value >= frame_count) continue;
        if (KernelView::info(frame.value).state != FrameState::table) continue;
        collect_below({frame, above.level - 1, above.base + i * exo::entry_span(above.level)},
                      found);
    }
}

}  // namespace

void collect_tables(exo::PhysAddr root, std::vector<TableView>& found) {
    collect_below({exo::frame_of(root), exo::page_table_levels, 0}, found);
}

}  // namespace sim
