// tests/sim/spawn.cpp - what takes many calls in a row: making environments, and floods.
#include "exokernel/memory/frame_table.hpp"
#include "lamina/report.hpp"
#include "tests/sim/programs.hpp"

namespace sim {
namespace {

using lamina::Call;
using Stage = Spawn::Stage;

constexpr std::uint64_t handle_bits(lamina::Rights rights) { return std::uint64_t(rights); }

}  // namespace

void Programs::spawn_step(Cpu& cpu, const exo::Env& env, Program& program) {
    Spawn& spawn = program.spawn;
    program.of_spawn = true;
    using lamina::Rights;
    switch (spawn.stage) {
        case Stage::none: break;
        case Stage::account:
            return call(cpu, program, Call::account_create,
                        {arguments_.handle_of(env, exo::ObjectType::account),
                         14 + choices_->below(choices_->percent(50) ? 8 : 30)});
        case Stage::env:
            store(cpu, home, printable);
            return call(
                cpu, program, Call::env_create,
                {spawn.account, home, 1 + choices_->below(8),
                 choices_->percent(50) ? arguments_.handle_of(env, exo::ObjectType::notification)
                                       : 0,
                 1ULL << choices_->below(4), choices_->below(cpu_count)});
        case Stage::frames:
            return call(cpu, program, Call::frames_alloc, {spawn.account, home_pages});
        case Stage::map:
            return call(cpu, program, Call::frames_map,
                        {spawn.env, spawn.frames, 0, home_pages, home, 3});
        case Stage::give: {
            const std::uint32_t large = choices_->percent(40) ? arguments_.large_run(env) : 0;
            return call(cpu, program, Call::cap_copy,
                        {spawn.env, large != 0 ? large : spawn.frames,
                         handle_bits(Rights::read | Rights::write | Rights::copy), 0});
        }
        case Stage::start: return call(cpu, program, Call::env_start, {spawn.env, home, home, 0});
        case Stage::drop_frames: return call(cpu, program, Call::cap_drop, {spawn.frames});
        case Stage::drop_account: return call(cpu, program, Call::cap_drop, {spawn.account});
        case Stage::drop_env: return call(cpu, program, Call::cap_drop, {spawn.env});
    }
}

void Programs::flood_step(Cpu& cpu, const exo::Env& env, Program& program) {
    Flood& flood = program.flood;
    if (--flood.left == 0) return call(cpu, program, Call::cap_revoke, {flood.root});
    const std::uint32_t slot = lamina::handle_slot(lamina::Handle(flood.root));
    const auto slots = KernelView::slots(env);
    const auto rights = slot < slots.size() ? slots[slot].rights : lamina::Rights::none;
    const bool deeper = flood.last != 0 && choices_->percent(50);
    call(cpu, program, Call::cap_derive,
         {deeper ? flood.last : flood.root, handle_bits(rights), 0, 0});
}

void Programs::spawn_result(Spawn& spawn, const CallResult& result) {
    const bool good = result.status == 0;
    const auto made = std::uint32_t(result.value);
    switch (spawn.stage) {
        case Stage::none: return;
        case Stage::account:
            spawn.account = made;
            spawn.stage = good ? Stage::env : Stage::none;
            return;
        case Stage::env:
            spawn.env = made;
            spawn.stage = good ? Stage::frames : Stage::drop_account;
            return;
        case Stage::frames:
            spawn.frames = made;
            spawn.stage = good ? Stage::map : Stage::drop_account;
            return;
        case Stage::map: spawn.stage = good ? Stage::give : Stage::drop_frames; return;
        case Stage::give: spawn.stage = Stage::start; return;
        case Stage::start:
            spawn.started = good;
            spawn.stage = !spawn.keeps_frames           ? Stage::drop_frames
                          : good && spawn.keeps_account ? Stage::none
                                                        : Stage::drop_account;
            return;
        case Stage::drop_frames:
            spawn.stage = spawn.started && spawn.keeps_account ? Stage::none : Stage::drop_account;
            return;
        case Stage::drop_account:
            // Its maker keeps the handle of an environment that runs, to harm it.
            spawn.stage = spawn.env != 0 && !spawn.started ? Stage::drop_env : Stage::none;
            return;
        case Stage::drop_env: spawn.stage = Stage::none; return;
    }
}

}  // namespace sim
