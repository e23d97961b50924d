// tests/sim/nth_failure_test.cpp - a call whose n-th frame cannot be had changes nothing, for all n
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/env/long_call.hpp"
#include "lamina/vcpu.hpp"
#include "tests/sim/arguments.hpp"
#include "tests/sim/boot.hpp"
#include "tests/sim/call_shapes.hpp"
#include "tests/sim/checks.hpp"
#include "tests/sim/entry.hpp"
#include "tests/sim/machine.hpp"

namespace {

using lamina::Call;
using lamina::Status;
using sim::CallArguments;
using Handle = std::uint64_t;

constexpr Handle self = lamina::slots::self;
constexpr Handle account = lamina::slots::account;
constexpr Handle console = lamina::slots::console;
constexpr Handle run = lamina::slots::archive;  ///< Frames, for reading, writing and copying.
/// Every word of this page is an address; it serves as a saved context.
constexpr std::uint64_t addresses = sim::home + exo::page_size;
/// Its neighbours have no table in common but the root.
constexpr std::uint64_t table_edge = 0x80'0000'0000;
/// A predicate that holds, in the first page of `home`.
constexpr std::uint64_t predicate_offset = 3072;
/// Lists of one range in the first page of `home`: of pages not mapped, of the last one of `home`.
constexpr std::uint64_t list_offset = 1024;
constexpr std::uint64_t home_list_offset = 2048;
/// Entries for upcalls, that of bits of the notification too, in the first page of `home`.
constexpr std::uint64_t bound_entries = sim::home + 2560;

/// A booted kernel; CPU 0 is in user mode, in the first environment. There is a child with an
/// account of its own, and a notification with a bit set.
struct Lab {
    Lab() {
        sim::boot_kernel();
        env = &sim::start_first_env();
        for (unsigned i = 0; i < sim::cpu_count; ++i)
            machine.cpu(i).root = exo::kernel_root();
        checks.start(machine);
        sim::come_from_boot();
        (void)sim::go_on();
        auto* memory =
            static_cast<std::byte*>(exo::FrameTable::contents(exo::frame_of(exo::PhysAddr{
                sim::Tlb::walk(env->space.root(), sim::home, 1) & exo::PageEntry::address_mask})));
        std::memset(memory, 'a', exo::page_size);
        for (std::uint64_t at = 0; at < exo::page_size; at += sizeof sim::home)
            std::memcpy(memory + exo::page_size + at, &sim::home, sizeof sim::home);
        purse = value(Call::account_create, {account, 30});
        child = value(Call::env_create, {purse, sim::home, 4, 0, 0, 0});
        note = value(Call::notification_create, {account});
        (void)value(Call::notification_signal, {note, 1});
        spare = value(Call::cap_derive, {run, 0b1001, 0, 1});
        checks.all();
        child_id = child_env().id;
        fresh = value(Call::vcpu_create, {child, account, 1});
        gate = value(Call::gate_create, {account, sim::home});
        idle = value(Call::vcpu_create, {0, account, 0});
        served = value(Call::gate_create, {account, sim::home});
        const std::uint64_t serving = value(Call::vcpu_create, {0, account, 0});
        (void)value(Call::gate_attach, {served, serving, sim::home});
        turn = value(Call::slice_create, {account, 1, 5'000'000});
        whole = value(Call::frames_alloc, {account, 2});
        front = value(Call::frames_alloc, {account, 2});
        back = value(Call::frames_split, {front, 1});
        constexpr std::uint64_t two_pages = table_edge - exo::page_size + 1;
        std::memcpy(memory + list_offset, &two_pages, sizeof two_pages);
        const lamina::Predicate one = {0, 1, {{lamina::PredicateOp::constant, 0}}, {1}, {}};
        std::memcpy(memory + predicate_offset, &one, sizeof one);
        constexpr std::uint64_t last_page = sim::home + 3 * exo::page_size;
        std::memcpy(memory + home_list_offset, &last_page, sizeof last_page);
        lamina::VcpuEntries entries = {};
        entries.notified = sim::home;
        entries.notification = note;
        std::memcpy(memory + (bound_entries - sim::home), &entries, sizeof entries);
    }

    sim::CallResult call(Call number, const CallArguments& arguments) {
        sim::CallResult result;
        if (!sim::enter_by_call(machine.cpu(0).local, std::uint64_t(number), arguments, result))
            (void)sim::go_on();
        return result;
    }
    std::uint64_t value(Call number, const CallArguments& arguments) {
        const auto result = call(number, arguments);
        REQUIRE(result.status == 0);
        return result.value;
    }

    exo::Env& child_env() {
        const auto envs = checks.view().envs();
        return *envs[envs[0] == env ? 1 : 0];
    }
    exo::Account& purse_account() { return *child_env().account; }

    /// Makes both tables so full that the next capability needs another page.
    void fill_tables() {
        while (!full(*env))
            (void)value(Call::cap_derive, {run, 1, 0, 1});
        while (!full(child_env()))
            (void)value(Call::cap_copy, {child, run, 1, 0});
    }
    static bool full(const exo::Env& of) {
        std::uint32_t used = 0;
        const auto slots = sim::KernelView::slots(of);
        for (std::size_t i = lamina::slots::first_free; i < slots.size(); ++i)
            used += slots[i].used();
        return used == slots.size() - lamina::slots::first_free;
    }

    sim::Choices choices{1};
    sim::Checks checks{sim::root_account()};
    sim::Machine machine{choices, checks.incarnations()};
    exo::Env* env = nullptr;
    Handle purse = 0, child = 0, note = 0, spare = 0;
    std::uint64_t child_id = 0;
    Handle fresh = 0;            ///< A vCPU of the child.
    Handle gate = 0, idle = 0;   ///< A gate, and a vCPU that may be an activation of it.
    Handle served = 0;           ///< A gate with an activation.
    Handle turn = 0;             ///< A slice of the same CPU.
    Handle whole = 0;            ///< Two frames of a run.
    Handle front = 0, back = 0;  ///< Two runs that follow each other.
};

/// A free page frame, if there is one.
std::uint64_t free_frame() {
    std::uint32_t frame = 1;
    while (frame < sim::frame_count - 1 && sim::KernelView::is_used(frame))
        ++frame;
    return frame;
}

/// A call, and how many frames it needs with tables full.
struct Case {
    Call number;
    std::function<CallArguments(const Lab&)> arguments;
    unsigned frames = 0;
};

/// machine_power does not return, so it has no failures to return from; frames_watch takes nothing.
const std::vector<Case>& cases() {
    static const auto none = [](const Lab&) { return CallArguments{}; };
    static const std::vector<Case> all = {
        {Call::null, none},
        {Call::cap_derive, [](auto&) { return CallArguments{run, 1, 0, 1}; }, 1},
        {Call::cap_copy, [](auto& lab) { return CallArguments{lab.child, run, 1, 0}; }, 1},
        {Call::cap_drop, [](auto& lab) { return CallArguments{lab.spare}; }},
        {Call::cap_inspect, [](auto&) { return CallArguments{run, sim::home}; }},
        {Call::cap_revoke, [](auto&) { return CallArguments{run}; }},
        {Call::cap_move, [](auto& lab) { return CallArguments{lab.child, lab.spare, 0}; }, 1},
        {Call::account_create, [](auto&) { return CallArguments{account, 3}; }, 2},
        {Call::vcpu_create, [](auto&) { return CallArguments{0, account, 1}; }, 2},
        {Call::vcpu_start,
         [](auto& lab) { return CallArguments{lab.fresh, sim::home, sim::home}; }},
        {Call::gate_create, [](auto&) { return CallArguments{account, sim::home}; }, 2},
        {Call::gate_attach, [](auto& lab) { return CallArguments{lab.gate, lab.idle, sim::home}; }},
        {Call::gate_call,
         [](auto& lab) { return CallArguments{lab.served, lamina::wait_forever}; }},
        {Call::gate_return, none},
        {Call::vcpu_yield_to, [](auto&) { return CallArguments{lamina::slots::vcpu}; }},
        {Call::vcpu_migrate, [](auto& lab) { return CallArguments{lab.fresh, 2}; }},
        {Call::slice_create, [](auto&) { return CallArguments{account, 1, 5'000'000}; }, 2},
        {Call::slice_bind, [](auto& lab) { return CallArguments{lab.turn, lab.fresh}; }},
        {Call::slice_set, [](auto& lab) { return CallArguments{lab.turn, 5'000'000}; }},
        {Call::slice_info, [](auto& lab) { return CallArguments{lab.turn, sim::home}; }},
        {Call::account_time, [](auto& lab) { return CallArguments{lab.purse, 5, 9, lab.note, 1}; }},
        {Call::frames_alloc, [](auto&) { return CallArguments{account, 1}; }, 2},
        {Call::frames_map,
         [](auto&) { return CallArguments{self, run, 0, 4, table_edge - 2 * exo::page_size, 3}; },
         7},
        {Call::frames_unmap, [](auto&) { return CallArguments{self, sim::home, 1}; }},
        {Call::frames_protect, [](auto&) { return CallArguments{self, sim::home, 1, 1}; }},
        {Call::env_create, [](auto&) { return CallArguments{account, sim::home, 4, 0, 0, 1}; }, 5},
        {Call::env_end, [](auto& lab) { return CallArguments{lab.child, 0}; }},
        {Call::env_report, [](auto& lab) { return CallArguments{lab.child, sim::home}; }},
        {Call::env_start,
         [](auto& lab) { return CallArguments{lab.child, sim::home, sim::home, 0}; }},
        {Call::vcpu_yield, none},
        {Call::vcpu_bind,
         [](auto&) { return CallArguments{lamina::slots::vcpu, sim::home, bound_entries}; }},
        {Call::vcpu_resume, [](auto&) { return CallArguments{addresses}; }},
        {Call::notification_create, [](auto&) { return CallArguments{account}; }, 2},
        {Call::notification_signal, [](auto& lab) { return CallArguments{lab.note, 2}; }},
        {Call::notification_wait,
         [](auto& lab) { return CallArguments{lab.note, 1, lamina::no_wait}; }},
        {Call::console_write, [](auto&) { return CallArguments{console, sim::home, 8}; }},
        {Call::console_read, [](auto&) { return CallArguments{console, sim::home, 8}; }},
        {Call::frames_alloc_at, [](auto&) { return CallArguments{account, free_frame(), 1}; }, 2},
        {Call::frames_split, [](auto& lab) { return CallArguments{lab.whole, 1}; }, 1},
        {Call::frames_merge, [](auto& lab) { return CallArguments{lab.front, lab.back}; }},
        {Call::frames_map_list,
         [](auto&) { return CallArguments{0, run, 0, sim::home + list_offset, 1, 3}; }, 7},
        {Call::frames_unmap_list,
         [](auto&) { return CallArguments{0, sim::home + home_list_offset, 1}; }},
        {Call::frames_protect_list,
         [](auto&) { return CallArguments{0, sim::home + home_list_offset, 1, 1}; }},
        {Call::console_bind, [](auto& lab) { return CallArguments{console, lab.note, 1}; }},
        {Call::account_reclaim,
         [](auto& lab) { return CallArguments{lab.purse, lab.child, 1, 0, lab.note, 1}; }},
        {Call::table_read, [](auto&) { return CallArguments{0, sim::home, 1, sim::home}; }},
        {Call::account_end, [](auto& lab) { return CallArguments{lab.purse, lab.child_id, 0}; }},
        {Call::predicate_wait,
         [](auto&) { return CallArguments{sim::home + predicate_offset, lamina::no_wait}; }},
        {Call::vcpu_poke, [](auto&) { return CallArguments{lamina::slots::vcpu}; }},
        {Call::vcpu_timer, [](auto&) { return CallArguments{lamina::wait_forever}; }},
        {Call::account_repossess, [](auto& lab) { return CallArguments{lab.purse, lab.child}; }},
    };
    return all;
}

/// All of the machine's memory that is in use, and what the frame table says of it.
struct Snapshot {
    std::vector<std::string> frames;

    static Snapshot take() {
        Snapshot made;
        for (std::uint32_t frame = 0; frame < sim::frame_count; ++frame) {
            std::string text;
            if (sim::KernelView::is_used(frame)) {
                const exo::FrameInfo info = sim::KernelView::info(frame);
                text.assign(reinterpret_cast<const char*>(&info), sizeof info);
                text.append(static_cast<const char*>(exo::FrameTable::contents({frame})),
                            exo::page_size);
            }
            made.frames.push_back(std::move(text));
        }
        return made;
    }

    bool operator==(const Snapshot&) const = default;
    /// The first frame that differs, for messages.
    static std::string difference(const Snapshot& a, const Snapshot& b) {
        for (std::uint32_t frame = 0; frame < sim::frame_count; ++frame) {
            if (a.frames[frame] == b.frames[frame]) continue;
            std::size_t at = 0;
            while (at < std::min(a.frames[frame].size(), b.frames[frame].size()) &&
                   a.frames[frame][at] == b.frames[frame][at])
                ++at;
            return "frame " + std::to_string(frame) + ", state " +
                   std::to_string(unsigned(sim::KernelView::info(frame).state)) + ", byte " +
                   std::to_string(std::int64_t(at) - std::int64_t(sizeof(exo::FrameInfo)));
        }
        return "nothing";
    }
};

/// Leaves so many frames, in an account or in the machine; gives the rest back at its end.
class Shortage {
public:
    Shortage(exo::Account* payer, std::uint32_t frames_left) : payer_(payer) {
        if (payer != nullptr) {
            limit_ = payer->limit;
            payer->limit = payer->used + frames_left;
            return;
        }
        while (exo::frames.counts().free > frames_left)
            hoard_.push_back(*exo::frames.alloc(exo::FrameState::object, nullptr));
    }
    ~Shortage() {
        if (payer_ != nullptr) payer_->limit = limit_;
        for (const exo::FrameNumber frame : hoard_)
            exo::frames.free(frame);
    }
    Shortage(const Shortage&) = delete;
    Shortage& operator=(const Shortage&) = delete;

private:
    exo::Account* payer_;
    std::uint64_t limit_ = 0;
    std::vector<exo::FrameNumber> hoard_;
};

enum class Short { machine, root, purse };

/// Makes the call with fewer and fewer frames missing; returns how many it needed of this kind.
unsigned frames_needed(const Case& tested, Short kind, std::uint64_t expected) {
    for (unsigned left = 0;; ++left) {
        REQUIRE(left < 20);
        Lab lab;
        lab.fill_tables();
        exo::Account* payer = kind == Short::root    ? &sim::root_account()
                              : kind == Short::purse ? &lab.purse_account()
                                                     : nullptr;
        sim::CallResult result;
        {
            const Shortage shortage(payer, left);
            const CallArguments arguments = tested.arguments(lab);
            const Snapshot before = Snapshot::take();
            result = lab.call(tested.number, arguments);
            if (result.status == expected) return left;
            const Snapshot after = Snapshot::take();
            CHECK_MESSAGE(after == before, Snapshot::difference(before, after));
        }
        const bool by_number = tested.number == Call::frames_alloc_at && left == 0;
        const Status refusal = kind != Short::machine ? Status::quota_exceeded
                               : by_number            ? Status::not_free
                                                      : Status::out_of_frames;
        CHECK(Status(result.status) == refusal);
        CHECK(result.value == 0);
        lab.checks.all();
    }
}

}  // namespace

TEST_CASE("every call is tried but those that need the machine") {
    std::map<Call, unsigned> tried;
    for (const Case& tested : cases())
        ++tried[tested.number];
    CHECK(tried.size() == lamina::call_count - 2);
    CHECK_FALSE(tried.contains(Call::machine_power));
    CHECK_FALSE(tried.contains(Call::frames_watch));
}

TEST_CASE("a call that cannot have its n-th frame fails and changes nothing") {
    for (const Case& tested : cases()) {
        CAPTURE(sim::call_shapes()[std::size_t(tested.number)].name);
        std::uint64_t expected = 0;
        {
            Lab lab;
            lab.fill_tables();
            expected = lab.call(tested.number, tested.arguments(lab)).status;
        }
        const bool refused_anyway =
            tested.number == Call::env_report || tested.number == Call::gate_return;
        CHECK((Status(expected) == Status::ok) == !refused_anyway);
        CHECK(frames_needed(tested, Short::machine, expected) == tested.frames);
        const unsigned by_root = frames_needed(tested, Short::root, expected);
        const unsigned by_purse = frames_needed(tested, Short::purse, expected);
        // An account_create also moves its limit.
        const unsigned moved = tested.number == Call::account_create ? 3 : 0;
        CHECK(by_root + by_purse == tested.frames + moved);
    }
}

TEST_CASE("a long allocation that fails at its last step gives everything back") {
    sim::frame_count = sim::frame_count_large;
    for (const Short kind : {Short::machine, Short::root}) {
        Lab lab;
        lab.fill_tables();
        exo::Account& payer = sim::root_account();
        const std::uint64_t used = payer.used;
        const std::uint64_t free = exo::frames.counts().free;
        constexpr std::uint64_t count = exo::frames_zeroed_at_once + 1;
        sim::CallResult result;
        REQUIRE_FALSE(sim::enter_by_call(
            lab.machine.cpu(0).local, std::uint64_t(Call::frames_alloc), {account, count}, result));
        exo::Vcpu& vcpu = *lab.env->vcpu;
        REQUIRE(vcpu.state == exo::VcpuState::in_call);
        REQUIRE(payer.used == used + count);
        {
            // The table is full, so there has to be a page for the capability.
            const Shortage shortage(kind == Short::root ? &payer : nullptr, 0);
            CHECK_FALSE(exo::step_long_call(vcpu));
            CHECK(exo::step_long_call(vcpu));
        }
        CHECK(Status(vcpu.context.rax) ==
              (kind == Short::root ? Status::quota_exceeded : Status::out_of_frames));
        CHECK(vcpu.context.rdx == 0);
        CHECK(payer.used == used);
        CHECK(exo::frames.counts().free == free);
        (void)sim::go_on();
        lab.checks.all();
    }
    sim::frame_count = sim::frame_count_small;
}
