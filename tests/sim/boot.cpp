// tests/sim/boot.cpp - making the kernel's global state and the first environment.
#include "tests/sim/boot.hpp"

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/env/console.hpp"
#include "exokernel/env/info_pages.hpp"
#include "exokernel/env/long_call.hpp"
#include "exokernel/env/memory_watch.hpp"
#include "exokernel/lock/lock_order.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "tests/sim/arguments.hpp"
#include "tests/sim/violation.hpp"

namespace {

std::string last_log_line;

}  // namespace

void exo::log_line(std::string_view line) { last_log_line = line; }
void exo::log_line_now(std::string_view line) { last_log_line = line; }
void exo::stop_machine() { sim::violated("The kernel does not panic.", last_log_line); }

namespace sim {
namespace {

using exo::Capability;
using exo::ObjectType;
using exo::Rights;

/// Aligned so that the host may use large pages for it.
alignas(exo::entry_span(2)) std::byte memory[frame_count_large * exo::page_size];
std::vector<exo::FrameInfo> frame_infos;
exo::Account all_frames;
exo::Object machine;

template <typename T>
T must(exo::Result<T> result) {
    if (!result) violated("The kernel boots.", lamina::status_name(result.error()));
    if constexpr (!std::is_void_v<T>) return *result;
}

Capability capability(ObjectType type, exo::Object* object, Rights rights) {
    Capability made;
    made.type = type;
    made.object = object;
    made.rights = rights;
    return made;
}

}  // namespace

exo::Account& root_account() { return all_frames; }
const exo::Object& machine_object() { return machine; }

void boot_kernel() {
    std::memset(memory, 0xa5, frame_count * exo::page_size);
    exo::arch::host_memory = memory;
    exo::set_lock_mode("locks=panic");
    exo::set_dispatch_ops({[](exo::Vcpu& vcpu) {
                               return vcpu.state == exo::VcpuState::in_call ? step_long_call(vcpu)
                                                                            : end_step(vcpu);
                           },
                           [](exo::Vcpu* vcpu) { exo::info_pages.refresh(vcpu); }});
    frame_infos.assign(frame_count, {});
    exo::frames = {};
    exo::frames.adopt(frame_infos);
    exo::frames.add_free({0}, frame_count);
    all_frames = {{ObjectType::account, 0, 1}, nullptr, exo::frames.counts().total, 0, 0};
    exo::console = {{ObjectType::console, 0, 1}, nullptr, 0, nullptr};
    machine = {ObjectType::machine, 0, 1};
    exo::memory_watch = {};
    exo::set_kernel_root(exo::address_of(must(exo::frames.alloc(exo::FrameState::table, nullptr))));
    exo::info_pages = {};
    must(exo::info_pages.create(all_frames));
}

exo::Env& start_first_env() {
    const Capability account = capability(ObjectType::account, &all_frames, Rights::all);
    exo::Env& env = *must(exo::create_env({"first", account, nullptr, nullptr, 0, 0, 0}));
    const exo::FrameNumber run = must(exo::frames.alloc_run(home_pages, all_frames));
    using lamina::Protection;
    const auto both = Protection::read | Protection::write;
    using namespace lamina::slots;
    const auto give = [&](std::uint32_t slot, const exo::Capability& given, bool acquired) {
        exo::Link* const head = given.type == ObjectType::frames
                                    ? &static_cast<exo::FrameInfo*>(given.object)->roots
                                    : nullptr;
        return env.caps.insert(*must(env.caps.fixed_slot(slot)), given, head, acquired);
    };
    const lamina::Handle handle = give(
        archive,
        exo::frames.capability(run, home_pages, Rights::read | Rights::write | Rights::copy), true);
    exo::CapSlot& source = *must(env.caps.lookup_any(handle, Rights::none));
    must(env.space.map(home, source, 0, home_pages, {both, both}));
    give(console, capability(ObjectType::console, &exo::console, Rights::all), false);
    // No right to power off: nothing would be left to look at.
    give(lamina::slots::machine,
         capability(ObjectType::machine, &sim::machine, Rights::read | Rights::copy), false);
    give(info,
         exo::frames.capability(exo::info_pages.first_frame(), exo::info_pages.page_count(),
                                Rights::read | Rights::copy),
         false);
    if (frame_count == frame_count_large) {
        constexpr std::uint32_t count = 2 * exo::entry_frames(2);
        const exo::FrameNumber large = must(exo::frames.alloc_run(count, all_frames));
        give(start,
             exo::frames.capability(large, count, Rights::read | Rights::write | Rights::copy),
             true);
    }
    must(start_vcpu(*env.vcpu, home, home, 0));
    return env;
}

}  // namespace sim
