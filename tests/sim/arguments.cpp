// tests/sim/arguments.cpp - valid, forged, stale, foreign handles; likely numbers and boundaries.
#include "tests/sim/arguments.hpp"

#include "lamina/layout.hpp"
#include "lamina/vcpu.hpp"
#include "tests/calls/argument_source.hpp"
#include "tests/sim/machine.hpp"

namespace sim {
namespace {

using exo::ObjectType;
using exo::page_size;
using exo::Rights;

/// Pages programs fight for: around an edge of 2 MiB and of 512 GiB, and at the end of user space.
constexpr std::uint64_t regions[] = {
    home,
    home,
    home + 0x20'0000 - 4 * page_size,
    0x80'0000'0000 - 4 * page_size,
    lamina::user_end - 8 * page_size,
};
constexpr std::uint32_t region_pages = 8;

}  // namespace

template <typename Wanted>
std::uint32_t ArgumentSource::pick(const exo::Env& env, Wanted wanted) {
    const auto slots = KernelView::slots(env);
    if (slots.empty()) return 0;
    const auto start = std::uint32_t(choices_->below(slots.size()));
    // Slots fill from the front: half the searches start among the first.
    const std::uint32_t from = choices_->percent(50) ? start % 32 : start;
    for (std::uint32_t i = 0; i < slots.size(); ++i) {
        const auto slot = std::uint32_t((from + i) % slots.size());
        if (slots[slot].used() && wanted(slots[slot])) return std::uint32_t(slots[slot].name);
    }
    return 0;
}

std::uint32_t ArgumentSource::handle_of(const exo::Env& caller, ObjectType type) {
    return pick(caller, [&](const exo::Capability& held) { return held.type == type; });
}

std::uint32_t ArgumentSource::any_handle(const exo::Env& caller) {
    return pick(caller, [](const exo::Capability&) { return true; });
}

/// One environment, as the maker of its arguments sees it.
class ArgumentSource::Caller {
public:
    Caller(ArgumentSource& source, const exo::Env& env, const Memories& seen, std::uint64_t now_ns)
        : source_(&source), env_(&env), seen_(&seen), now_ns_(now_ns) {}

    Choices& choices() { return *source_->choices_; }
    std::uint64_t handle_of(ObjectType type) { return source_->handle_of(*env_, type); }
    std::uint64_t any_handle() { return source_->any_handle(*env_); }
    std::uint64_t remembered_handle() {
        return seen_->handles[choices().below(seen_->handles.size())];
    }
    std::uint64_t foreign_handle() {
        const auto envs = source_->view_->envs();
        return source_->any_handle(*envs[choices().below(envs.size())]);
    }
    std::uint64_t rights_of(std::uint64_t handle) {
        const auto slots = KernelView::slots(*env_);
        const std::uint32_t slot = lamina::handle_slot(lamina::Handle(handle));
        return slot < slots.size() ? std::uint64_t(slots[slot].rights) : 0;
    }
    std::uint64_t address(calls::Meaning meaning);
    calls::MappedPages mapped_pages() {
        const CallArguments& map = seen_->maps[choices().below(seen_->maps.size())];
        return {map[0], map[4], map[3]};
    }
    std::uint64_t cpu_count() const { return sim::cpu_count; }
    std::uint64_t now_ns() const { return now_ns_; }

private:
    ArgumentSource* source_;
    const exo::Env* env_;
    const Memories* seen_;
    std::uint64_t now_ns_;
};

std::uint64_t ArgumentSource::page_address(Choices& choices) {
    return regions[choices.below(std::size(regions))] + choices.below(region_pages) * page_size;
}

std::uint64_t ArgumentSource::Caller::address(calls::Meaning meaning) {
    if (meaning == calls::Meaning::page_address) return page_address(choices());
    if (meaning == calls::Meaning::area) {
        const std::uint64_t offset =
            choices().below(page_size / lamina::vcpu_area_alignment) * lamina::vcpu_area_alignment;
        return choices().percent(20) ? 0 : page_address(choices()) + offset % 0xc00;
    }
    return choices().percent(90) ? home + choices().below(home_pages * page_size - 1024)
                                 : page_address(choices()) + choices().below(page_size);
}

CallArguments ArgumentSource::make(lamina::Call call, const exo::Env& caller, const Memories& seen,
                                   std::uint64_t now_ns) {
    Caller view(*this, caller, seen, now_ns);
    return calls::ArgumentSource(view).make(call);
}

}  // namespace sim
