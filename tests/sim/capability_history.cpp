// tests/sim/capability_history.cpp - no right grows, no handle names two capabilities.
#include "tests/sim/capability_history.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "exokernel/env/console.hpp"
#include "exokernel/env/long_call.hpp"
#include "tests/sim/boot.hpp"
#include "tests/sim/violation.hpp"

namespace sim {
namespace {

using exo::Capability;
using exo::ObjectType;
using exo::Rights;

/// Whether `less` is for nothing that `more` is not for. Frames are compared as what they are,
/// physical memory: which run they are in may change.
bool within_object(const Capability& less, const Capability& more) {
    if (less.type != more.type) return false;
    if (less.type == ObjectType::frames)
        return less.first >= more.first && less.count <= more.count &&
               less.first - more.first <= more.count - less.count;
    if (less.object != more.object) return false;
    if (less.type == ObjectType::gate) return more.badge() == 0 || less.badge() == more.badge();
    return less.type != ObjectType::notification || more.badge() == 0 ||
           (less.badge() != 0 && (less.badge() & ~more.badge()) == 0);
}

/// Whether `less` allows nothing that `more` does not.
bool within(const Capability& less, const Capability& more) {
    return within_object(less, more) && covers(more.rights, less.rights);
}

std::string name_of(const Capability& capability) {
    return "type " + std::to_string(unsigned(capability.type)) + ", rights " +
           std::to_string(std::uint32_t(capability.rights)) + ", frames " +
           std::to_string(capability.first) + "+" + std::to_string(capability.count);
}

bool is_zero(std::uint32_t frame) {
    const auto* bytes = static_cast<const std::byte*>(exo::FrameTable::contents({frame}));
    return bytes[0] == std::byte{0} && std::memcmp(bytes, bytes + 1, exo::page_size - 1) == 0;
}

}  // namespace

CapabilityHistory::CapabilityHistory(const KernelView& view, const Incarnations& incarnations)
    : view_(&view), incarnations_(&incarnations), before_(frame_count) {}

void CapabilityHistory::adopt() {
    for (const exo::Env* env : view_->envs()) {
        Table& table = tables_[env->id];
        const auto slots = KernelView::slots(*env);
        table.slots.assign(slots.begin(), slots.end());
        table.used_generations.resize(slots.size());
        for (std::size_t i = 0; i < slots.size(); ++i)
            if (slots[i].used()) table.used_generations[i] = 1U + slots[i].generation();
    }
    remember();
}

bool CapabilityHistory::check(std::uint64_t caller) {
    bool changed = false;
    for (auto& [id, table] : tables_)
        table.seen = false;
    // First what is new is held to what was there before, in all tables; only then is it taken
    // over.
    for (const exo::Env* env : view_->envs()) {
        Table& table = tables_[env->id];
        table.seen = true;
        changed |= check_table(*env, table, caller);
    }
    for (const exo::Env* env : view_->envs()) {
        const auto slots = KernelView::slots(*env);
        tables_[env->id].slots.assign(slots.begin(), slots.end());
    }
    changed |= std::erase_if(tables_, [](const auto& entry) { return !entry.second.seen; }) != 0;
    remember();
    return changed;
}

void CapabilityHistory::remember() {
    for (std::uint32_t frame = 0; frame < frame_count; ++frame)
        before_[frame] = {(*incarnations_)[frame], 0, 0};
    for (const exo::Env* env : view_->envs()) {
        before_[exo::FrameTable::frame_at(env).value].env_id = env->id;
        for (const exo::Vcpu* vcpu = env->vcpu; vcpu != nullptr; vcpu = vcpu->next)
            if (vcpu->state == exo::VcpuState::in_call && vcpu->long_call == &exo::run_alloc)
                before_[KernelView::run_with(vcpu->object)].reserved_for = env->id;
    }
}

bool CapabilityHistory::check_table(const exo::Env& env, Table& table, std::uint64_t caller) {
    const auto slots = KernelView::slots(env);
    table.slots.resize(slots.size());
    table.used_generations.resize(slots.size());
    if (slots.empty()) return false;  // of an environment that has ended
    if (std::memcmp(slots.data(), table.slots.data(), slots.size() * sizeof slots[0]) == 0)
        return false;
    for (std::uint32_t slot = 0; slot < slots.size(); ++slot) {
        const SlotView& now = slots[slot];
        const SlotView& was = table.slots[slot];
        if (!now.used()) continue;
        const bool same = was.used() && was.name == now.name;
        if (same && (within(now, was) || is_merged(table, slots, now, was))) continue;
        check_slot(table, slot, now);
        check_new(env, now, caller);
    }
    return true;
}

/// Whether what a capability has more than before is all that another one of the table had, which
/// is gone.
bool CapabilityHistory::is_merged(const Table& table, const std::vector<SlotView>& slots,
                                  const SlotView& now, const SlotView& was) {
    if (now.type != ObjectType::frames || was.type != now.type || now.rights != was.rights ||
        now.first != was.first)
        return false;
    for (std::size_t slot = 0; slot < table.slots.size(); ++slot) {
        const SlotView& next = table.slots[slot];
        if (next.type == ObjectType::frames && next.rights == was.rights &&
            next.first == was.first + was.count && next.count == now.count - was.count &&
            slots[slot].name != next.name)
            return true;
    }
    return false;
}

void CapabilityHistory::check_slot(Table& table, std::uint32_t slot, const SlotView& now) {
    if (now.generation() < table.used_generations[slot])
        violated(
            "A handle never names two capabilities.",
            "slot " + std::to_string(slot) + ", generation " + std::to_string(now.generation()));
    table.used_generations[slot] = 1U + now.generation();
}

/// Whether it is for a run that a long frames_alloc of the environment was zeroing.
bool CapabilityHistory::is_reserved(const exo::Env& env, const Capability& made) const {
    return before_[made.first].reserved_for == env.id &&
           KernelView::info(made.first).extent == made.count;
}

/// Whether what a capability is for was made in this step, or is the environment itself.
bool CapabilityHistory::is_new(const exo::Env& env, const Capability& made) const {
    if (made.type == ObjectType::frames) {
        const bool fresh = before_[made.first].incarnation != (*incarnations_)[made.first] ||
                           is_reserved(env, made);
        for (std::uint32_t i = 0; fresh && i < made.count; ++i)
            if (!is_zero(made.first + i))
                violated("A frame that is given out holds nothing of its last owner.",
                         "frame " + std::to_string(made.first + i));
        return fresh;
    }
    if (made.object == &exo::console || made.object == &machine_object() ||
        made.object == &view_->root_account())
        return false;
    const std::uint32_t frame = exo::FrameTable::frame_at(made.object).value;
    if (before_[frame].incarnation != (*incarnations_)[frame]) return true;
    return made.object == &env && before_[frame].env_id != env.id;
}

void CapabilityHistory::check_new(const exo::Env& env, const Capability& made,
                                  std::uint64_t caller) const {
    if (made.type == ObjectType::frames &&
        (made.first >= frame_count || made.count == 0 || made.count > frame_count - made.first))
        violated("A capability for frames names frames.", name_of(made));
    if (is_new(env, made)) return;
    const auto from = tables_.find(caller);
    const auto may_give = [&](const Capability& source) {
        return source.used() && covers(source.rights, Rights::copy) && within(made, source);
    };
    if (from == tables_.end() || std::ranges::none_of(from->second.slots, may_give))
        violated("A new capability is no more than one that whoever made it held and may copy.",
                 name_of(made) + ", made by " + std::to_string(caller));
    const bool just_made = before_[exo::FrameTable::frame_at(&env).value].env_id != env.id;
    if (!just_made && !managed(caller, env.id))
        violated("Only who manages an environment gives it capabilities.",
                 std::to_string(caller) + " to " + std::to_string(env.id));
}

bool CapabilityHistory::held_frames(std::uint64_t env, std::uint32_t first, std::uint32_t count,
                                    Rights rights) const {
    const auto table = tables_.find(env);
    if (table == tables_.end()) return false;
    Capability wanted;
    wanted.type = ObjectType::frames;
    wanted.rights = rights;
    wanted.first = first;
    wanted.count = count;
    return std::ranges::any_of(table->second.slots, [&](const Capability& held) {
        return held.used() && within(wanted, held);
    });
}

bool CapabilityHistory::managed(std::uint64_t env, std::uint64_t target) const {
    if (env == target) return true;
    const auto table = tables_.find(env);
    if (table == tables_.end()) return false;
    return std::ranges::any_of(table->second.slots, [&](const Capability& held) {
        if (held.type != ObjectType::env || !covers(held.rights, Rights::manage)) return false;
        return before_[exo::FrameTable::frame_at(held.object).value].env_id == target;
    });
}

}  // namespace sim
