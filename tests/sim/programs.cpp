// tests/sim/programs.cpp - choosing what a program does, and doing it.
#include "tests/sim/programs.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "exokernel/env/env.hpp"
#include "tests/calls/argument_source.hpp"
#include "tests/sim/upcalls.hpp"
#include "tests/sim/violation.hpp"

namespace sim {
namespace {

using lamina::Call;

/// Every call as often as its weight says.
std::vector<std::uint8_t> make_lottery() {
    std::vector<std::uint8_t> made;
    for (std::uint64_t number = 0; number < lamina::call_count; ++number)
        made.insert(made.end(), calls::weight_of(Call(number)), std::uint8_t(number));
    return made;
}

/// Programs wait for a change of one of the first words of their frames.
constexpr std::uint64_t watched_words = 4;

bool names_itself(const exo::Env& env, std::uint64_t handle) {
    const std::uint32_t slot = lamina::handle_slot(lamina::Handle(handle));
    const auto slots = KernelView::slots(env);
    return slot < slots.size() && slots[slot].object == &env;
}

}  // namespace

/// What a vCPU's program knows: vCPUs share their environment, not what they have seen of it.
Program& Programs::program_of(const exo::Vcpu& vcpu) {
    return programs_[vcpu.env->id * object_places + exo::FrameTable::frame_at(&vcpu).value];
}

Programs::Programs(Machine& machine, const KernelView& view, std::uint64_t first_env)
    : machine_(&machine),
      view_(&view),
      choices_(&machine.choices()),
      arguments_(machine.choices(), view),
      first_env_(first_env) {}

void Programs::step(Cpu& cpu) {
    const exo::Env& env = *cpu.local.running->env;
    Program& program = program_of(*cpu.local.running);
    // Wherever the kernel has let it go on, from there it has come to a place of its own.
    cpu.local.context->rip = home;
    const std::uint64_t chance = choices_->below(200);
    if (program.spawn.stage != Spawn::Stage::none && chance < 100)
        spawn_step(cpu, env, program);
    else if (program.flood.left != 0 && chance < 100)
        flood_step(cpu, env, program);
    else if (program.crew.stage != Crew::Stage::none && chance < 100)
        crew_step(cpu, env, program);
    else if (chance < 100)
        random_call(cpu, env, program);
    else if (chance == 199 && env.id != first_env_)
        fault(cpu);
    else if (chance >= 197 && program.spawn.stage == Spawn::Stage::none)
        program.spawn = {Spawn::Stage::account, 0, 0, 0, false, choices_->percent(40),
                         choices_->percent(40)};
    else if (chance == 196 && choices_->percent(15))
        program.flood = {unsigned(choices_->below(120)), arguments_.any_handle(env), 0};
    else if (chance >= 193 && !has_crew(env))
        program.crew = {choices_->percent(60) ? Crew::Stage::gate : Crew::Stage::vcpu,
                        1 + unsigned(choices_->below(4))};
    else if (program.area != 0 && chance >= 170)
        store(cpu, program.area + offsetof(lamina::VcpuArea, disabled), 0);
    else
        touch_memory(cpu);
}

void Programs::resumed(Cpu& cpu, const exo::Context& context) {
    Program& program = program_of(*cpu.local.running);
    if (!program.awaits) return;
    program.awaits = false;
    finish(cpu, program, {context.rax, context.rdx});
}

void Programs::call(Cpu& cpu, Program& program, Call number, const CallArguments& arguments) {
    program.call = std::uint64_t(number);
    program.arguments = arguments;
    note_pages(number, arguments);
    cpu.call = {cpu.local.running->env->id, std::uint64_t(number), arguments};
    cpu.in_kernel = cpu.kernel_ran = true;
    CallResult result;
    if (!enter_by_call(cpu.local, std::uint64_t(number), arguments, result)) {
        program.awaits = true;
        return;
    }
    cpu.in_kernel = false;
    ++cpu.kernel_exits;
    finish(cpu, program, result);
}

/// Remembers which pages a call is about.
void Programs::note_pages(Call number, const CallArguments& arguments) {
    const CallShape& shape = call_shapes()[std::uint64_t(number) % lamina::call_count];
    for (unsigned i = 0; i < shape.argument_count; ++i) {
        if (shape.arguments[i].name == "address") recent_page_ = arguments[i];
        if (shape.arguments[i].name == "count") recent_pages_ = arguments[i] % 16 + 1;
    }
}

/// Remembers where the area of a vCPU is now, for that one's program.
void Programs::note_area(const exo::Env& env, const CallArguments& arguments) {
    const auto slots = KernelView::slots(env);
    const std::uint32_t slot = lamina::handle_slot(lamina::Handle(arguments[0]));
    if (slot >= slots.size() || slots[slot].type != exo::ObjectType::vcpu) return;
    const auto& vcpu = static_cast<const exo::Vcpu&>(*slots[slot].object);
    if (vcpu.env == &env) program_of(vcpu).area = arguments[1];
}

std::uint64_t Programs::expected_address(Choices& chance) {
    const std::uint64_t recent = recent_page_ + chance.below(recent_pages_) * exo::page_size;
    if (chance.percent(70) && lamina::in_user_half(recent, 1)) return recent;
    return ArgumentSource::page_address(chance);
}

void Programs::finish(Cpu& cpu, Program& program, const CallResult& result) {
    using lamina::Status;
    for (const std::uint64_t word : {program.call, result.status, result.value})
        fingerprint_ = (fingerprint_ ^ word) * 0x9e37'79b9'7f4a'7c15;
    if (program.call < lamina::call_count && Call(program.call) != Call::vcpu_resume) {
        ++counts_.of[program.call][std::min(result.status, CallCounts::statuses - 1)];
        const auto status = Status(result.status);
        const std::string_view name = call_shapes()[program.call].name;
        if (status != Status::ok && !calls::declares(calls::call_rows[program.call], status))
            violated("A call fails only in ways that it declares.",
                     std::string(name) + ": " + lamina::status_name(status));
        const bool gives_handle = name == "cap_derive" || name == "frames_alloc" ||
                                  name == "frames_alloc_at" || name == "frames_split" ||
                                  name.ends_with("_create");
        if (Call(program.call) == Call::cap_revoke && status == Status::ok)
            cpu.revocation = {cpu.local.running->env->id, program.call, program.arguments};
        if (gives_handle && status == Status::ok) program.seen.add(std::uint32_t(result.value));
        if (name == "frames_map" && status == Status::ok) program.seen.add_map(program.arguments);
        if (name == "frames_map_list" && status == Status::ok)
            program.seen.add_map({program.arguments[0], 0, 0, program.listed % exo::page_size + 1,
                                  lamina::page_floor(program.listed)});
        if (Call(program.call) == Call::vcpu_bind && status == Status::ok)
            note_area(*cpu.local.running->env, program.arguments);
        if (status == Status::quota_exceeded || status == Status::table_full ||
            status == Status::out_of_frames)
            program.drops_due = 1 + unsigned(choices_->below(4));
        if (program.flood.left > 1) {
            if (Call(program.call) == Call::cap_derive && status == Status::ok)
                program.flood.last = std::uint32_t(result.value);
            else if (status == Status::quota_exceeded)
                program.flood.left = 1;
        }
        if (status == Status::not_mapped && result.value - home < home_pages * exo::page_size)
            program.repair = lamina::page_floor(result.value);
    }
    if (program.of_spawn) spawn_result(program.spawn, result);
    program.of_spawn = false;
    if (program.of_crew) crew_result(program.crew, result);
    program.of_crew = false;
    Spawn& spawn = program.spawn;
    if (spawn.stage == Spawn::Stage::none && spawn.started && spawn.keeps_frames) {
        spawn.keeps_frames = false;
        if (program.flood.left == 0 && choices_->percent(50))
            program.flood = {unsigned(choices_->below(120)), spawn.frames, 0};
    }
}

void Programs::random_call(Cpu& cpu, const exo::Env& env, Program& program) {
    static const std::vector<std::uint8_t> lottery = make_lottery();
    if (choices_->percent(1)) return call(cpu, program, Call(lamina::call_count), {});
    if (program.repair != 0) return map_again(cpu, env, program);
    std::uint64_t drawn = choices_->one_of(lottery);
    if (program.drops_due != 0) {
        --program.drops_due;
        drawn = std::uint64_t(Call::cap_drop);
    }
    drawn = call_of_vcpu(*cpu.local.running, drawn);
    const auto number = Call(drawn);
    CallArguments arguments =
        arguments_.make(number, env, program.seen, machine_->now_ns(), cpu.index);
    if (env.id == first_env_ && careless(env, number, arguments)) return;
    if (call_shapes()[drawn].name.ends_with("_list") && choices_->percent(80))
        make_list(cpu, program, number, arguments);
    if (number == Call::predicate_wait && choices_->percent(80))
        make_predicate(cpu, env, arguments);
    if (number == Call::vcpu_bind && arguments[1] != 0 && choices_->percent(80))
        make_entries(cpu, env, arguments);
    call(cpu, program, number, arguments);
}

/// Writes a list of a few ranges into memory that it may have, for the call to read.
void Programs::make_list(Cpu& cpu, Program& program, Call number, CallArguments& arguments) {
    const bool maps = number == Call::frames_map_list;
    std::uint64_t& list = arguments[maps ? 3 : 1];
    std::uint64_t& count = arguments[maps ? 4 : 2];
    list = home + choices_->below(home_pages * exo::page_size / 8 - 4) * 8;
    count = 1 + choices_->below(4);
    for (std::uint64_t i = count; i-- > 0;) {
        const CallArguments& known = choices_->one_of(program.seen.maps);
        std::uint64_t address = ArgumentSource::page_address(*choices_);
        if (!maps && known[3] != 0) {
            address = known[4];
            if (i == 0) arguments[0] = known[0];
        }
        program.listed = address + choices_->below(choices_->percent(70) ? 1 : 4);
        store(cpu, list + 8 * i, program.listed);
    }
}

/// Writes a predicate over some words into memory that it may have, for the call to read. Programs
/// write 0 and `printable` into the same memory.
void Programs::make_predicate(Cpu& cpu, const exo::Env& env, CallArguments& arguments) {
    lamina::Predicate made = {};
    made.word_count = 1 + std::uint32_t(choices_->below(2));
    for (std::uint32_t i = 0; i < made.word_count; ++i)
        made.words[i] = {lamina::Handle(arguments_.handle_of(env, exo::ObjectType::frames)),
                         std::uint32_t(choices_->below(watched_words) * 8)};
    made.constants[0] = choices_->percent(80) ? printable : choices_->next();
    const std::uint32_t second = made.word_count - 1;
    made.steps[0] = {lamina::PredicateOp::load, 0};
    made.steps[1] = {
        choices_->percent(50) ? lamina::PredicateOp::load : lamina::PredicateOp::constant,
        std::uint8_t(second)};
    made.steps[2] = {lamina::PredicateOp(2 + choices_->below(14)), 0};
    made.step_count = 3;
    arguments[0] = home + choices_->below((home_pages * exo::page_size - sizeof made) / 8) * 8;
    std::array<std::uint64_t, sizeof made / 8> words;
    std::memcpy(words.data(), &made, sizeof made);
    for (std::size_t i = 0; i < words.size(); ++i)
        store(cpu, arguments[0] + 8 * i, words[i]);
}

/// Chooses an area, and writes entries for upcalls, in memory that it may have.
void Programs::make_entries(Cpu& cpu, const exo::Env& env, CallArguments& arguments) {
    lamina::VcpuEntries made = {};
    std::uint64_t next = upcall_entries;
    for (std::uint64_t* const entry : {&made.run, &made.slice_end, &made.reclaim, &made.timer})
        *entry = choices_->percent(80) ? next += 16 : 0;
    const std::uint32_t notification = arguments_.handle_of(env, exo::ObjectType::notification);
    if (notification != 0 && choices_->percent(80)) {
        made.notified = next += 16;
        made.notification = notification;
    }
    constexpr std::uint64_t areas = (exo::page_size - sizeof(lamina::VcpuArea)) / 64;
    arguments[1] =
        home + choices_->below(home_pages) * exo::page_size + choices_->below(areas) * 64;
    arguments[2] = home + choices_->below((home_pages * exo::page_size - sizeof made) / 8) * 8;
    std::array<std::uint64_t, sizeof made / 8> words;
    std::memcpy(words.data(), &made, sizeof made);
    for (std::size_t i = 0; i < words.size(); ++i)
        store(cpu, arguments[2] + 8 * i, words[i]);
}

void Programs::map_again(Cpu& cpu, const exo::Env& env, Program& program) {
    const std::uint64_t address = program.repair;
    program.repair = 0;
    const std::uint32_t run = arguments_.handle_of(env, exo::ObjectType::frames);
    call(cpu, program, Call::frames_map, {0, run, 0, 1, address, choices_->percent(80) ? 3U : 1U});
}

/// What the first environment does not do: end, let others end it, or sleep for ever.
bool Programs::careless(const exo::Env& env, Call number, CallArguments& arguments) const {
    switch (number) {
        case Call::env_end: return names_itself(env, arguments[0]);
        case Call::cap_copy: return names_itself(env, arguments[1]);
        case Call::cap_move:
            return lamina::handle_slot(lamina::Handle(arguments[1])) < lamina::slots::first_free;
        case Call::cap_drop:
            return lamina::handle_slot(lamina::Handle(arguments[0])) < lamina::slots::first_free;
        // Whoever revokes the page of its own area ends.
        case Call::vcpu_bind: return arguments[1] != 0;
        case Call::notification_wait:
            if (arguments[2] == lamina::wait_forever) arguments[2] = lamina::no_wait;
            arguments[2] = std::min(arguments[2], machine_->now_ns() + 20'000'000);
            return false;
        // It lives for ever, and so do its vCPUs.
        case Call::vcpu_create:
            return has_crew(env) && (arguments[0] == 0 || names_itself(env, arguments[0]));
        case Call::gate_call:
        case Call::predicate_wait:
            arguments[1] = std::min(arguments[1], machine_->now_ns() + 20'000'000);
            return false;
        default: return false;
    }
}

void Programs::fault(Cpu& cpu) {
    cpu.call.caller = 0;
    cpu.in_kernel = cpu.kernel_ran = true;
    enter_by_fault(cpu.local);
}

std::uint64_t Programs::address_to_touch(Cpu& cpu) {
    // Pages that are remembered show whether they should be.
    const auto remembered = cpu.tlb.pages();
    if (!remembered.empty() && choices_->percent(50)) return choices_->one_of(remembered).address;
    return choices_->percent(30) ? home : ArgumentSource::page_address(*choices_);
}

void Programs::touch_memory(Cpu& cpu) {
    const std::uint64_t words = choices_->percent(30) ? watched_words : exo::page_size / 8;
    const std::uint64_t address = address_to_touch(cpu) + choices_->below(words) * 8;
    // Zero in the right place enables upcalls.
    store(cpu, address, choices_->percent(25) ? 0 : printable);
}

/// Eight bytes through the TLB; a page fault is survived.
void Programs::store(Cpu& cpu, std::uint64_t address, std::uint64_t value) {
    const Translation* page = cpu.tlb.translate(cpu.root, address);
    if (page == nullptr) return;
    const std::uint64_t place = page->target() + (address - page->address);
    const std::uint32_t frame = exo::frame_of(exo::PhysAddr{place}).value;
    // Free frames: until the shoot-down that is on its way has come; see stale_entries.hpp.
    if (frame >= frame_count || (KernelView::is_used(frame) && !KernelView::is_run(frame)))
        violated("User code reaches no memory but that of runs.", "frame " + std::to_string(frame));
    if (!page->writable()) return;
    auto* memory = static_cast<std::byte*>(exo::FrameTable::contents({frame}));
    std::memcpy(memory + address % exo::page_size, &value, sizeof value);
}

}  // namespace sim
