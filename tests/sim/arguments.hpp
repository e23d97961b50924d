// tests/sim/arguments.hpp - ArgumentSource: what hostile programs pass to system calls.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "tests/sim/call_shapes.hpp"
#include "tests/sim/choices.hpp"
#include "tests/sim/entry.hpp"
#include "tests/sim/kernel_view.hpp"

namespace sim {

/// What a program remembers of its calls: handles, stale once they are dropped, and the arguments
/// of frames_map.
struct Memories {
    std::array<std::uint32_t, 16> handles = {};
    unsigned handles_next = 0;
    std::array<CallArguments, 8> maps = {};
    unsigned maps_next = 0;

    void add(std::uint32_t handle) { handles[handles_next++ % handles.size()] = handle; }
    void add_map(const CallArguments& arguments) { maps[maps_next++ % maps.size()] = arguments; }
};

/// Where programs have memory, or try to: the first page of `home` is there from the start.
inline constexpr std::uint64_t home = 0x40'0000;
inline constexpr std::uint32_t home_pages = 4;

/// Makes the arguments of calls (tests/calls/argument_source.hpp) for the programs of the simulated
/// machine. Knows the tables of all environments, so that it forges well.
class ArgumentSource {
public:
    ArgumentSource(Choices& choices, const KernelView& view) : choices_(&choices), view_(&view) {}

    /// For a call that is made on the CPU of that index.
    CallArguments make(lamina::Call call, const exo::Env& caller, const Memories& seen,
                       std::uint64_t now_ns, unsigned cpu);

    /// A page-aligned address that programs fight for.
    static std::uint64_t page_address(Choices& choices);
    /// A handle of the caller for an object of this type; 0 if it has none.
    std::uint32_t handle_of(const exo::Env& caller, exo::ObjectType type);
    std::uint32_t any_handle(const exo::Env& caller);
    /// A handle for frames that a page of 2 MiB can be mapped to; 0 if it has none.
    std::uint32_t large_run(const exo::Env& caller);

private:
    class Caller;

    /// A slot of an environment that is `wanted(slot)`, by chance one of the first.
    template <typename Wanted>
    std::optional<SlotView> pick(const exo::Env& env, Wanted wanted) {
        const auto slots = KernelView::slots(env);
        if (slots.empty()) return {};
        const auto start = std::uint32_t(choices_->below(slots.size()));
        // Slots fill from the front: half the searches start among the first.
        const std::uint32_t from = choices_->percent(50) ? start % 32 : start;
        for (std::uint32_t i = 0; i < slots.size(); ++i) {
            const auto slot = std::uint32_t((from + i) % slots.size());
            if (slots[slot].used() && wanted(slots[slot])) return slots[slot];
        }
        return {};
    }
    /// Sets a handle to that of such a slot, if there is one.
    template <typename Wanted>
    void aim_at(const exo::Env& env, std::uint64_t& handle, Wanted wanted) {
        if (const auto found = pick(env, wanted)) handle = std::uint64_t(found->name);
    }
    void aim(lamina::Call call, const exo::Env& caller, CallArguments& made, std::uint64_t now_ns);
    void aim_at_vcpus(lamina::Call call, const exo::Env& caller, CallArguments& made,
                      std::uint64_t now_ns);
    void aim_at_binding(const exo::Env& caller, CallArguments& made);
    std::uint64_t large_address();
    void aim_at_large_pages(const exo::Env& caller, CallArguments& made);
    void aim_at_small_page(const exo::Env& caller, CallArguments& made);
    void aim_at_free_frames(CallArguments& made);
    void aim_at_neighbours(const exo::Env& caller, CallArguments& made);
    std::uint64_t aim_at_payer(const exo::Env& caller, CallArguments& made);

    Choices* choices_;
    const KernelView* view_;
    unsigned cpu_ = 0;  ///< On which the call is made.
};

}  // namespace sim
