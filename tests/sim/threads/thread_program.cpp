// tests/sim/threads/thread_program.cpp - calls with remembered handles.
#include "tests/sim/threads/thread_program.hpp"

#include <algorithm>
#include <string_view>

#include "tests/sim/arguments.hpp"

namespace sim {
namespace {

using lamina::Call;
using lamina::ObjectType;
using lamina::Rights;

constexpr std::size_t held_max = 40;

ObjectType type_named(std::string_view name) {
    if (name == "env") return ObjectType::env;
    if (name == "vcpu") return ObjectType::vcpu;
    if (name == "frames" || name == "next") return ObjectType::frames;
    if (name == "notification") return ObjectType::notification;
    if (name == "account") return ObjectType::account;
    if (name == "console") return ObjectType::console;
    if (name == "gate") return ObjectType::gate;
    return ObjectType::none;
}

std::uint64_t word(std::string_view name, Choices& choices) {
    if (name == "count") return 1 + choices.below(3);
    if (name == "first" || name == "slot") return 0;
    if (name == "limit_frames") return 1 + choices.below(5);
    if (name == "name_bytes") return 1 + choices.below(8);
    if (name == "cpu") return choices.below(ThreadCpus::count);
    if (name == "deadline_ns")
        return choices.percent(70) ? lamina::no_wait : exo::arch::now_ns() + choices.below(900'000);
    return choices.below(16);
}

/// Who names itself can end itself by another handle; who binds an area ends when it is revoked.
bool is_careless(const CallShape& shape, const CallArguments& arguments) {
    if (shape.name == "vcpu_bind" || shape.name == "env_end") return true;
    if (!shape.name.starts_with("cap_")) return false;
    for (unsigned i = 0; i < shape.argument_count; ++i)
        if (shape.arguments[i].is_handle() && arguments[i] < lamina::slots::first_free)
            return shape.name != "cap_inspect" && arguments[i] != lamina::slots::archive;
    return false;
}

/// Who gives up its account or itself can do nothing any more.
bool takes_own(const CallShape& shape, const CallArguments& arguments) {
    const unsigned source = shape.name == "cap_move" ? 1 : 0;
    return (shape.name == "cap_drop" || shape.name == "cap_move") &&
           arguments[source] < lamina::slots::first_free;
}

/// Not where programs have what the kernel is to read.
std::uint64_t address_to_map(Choices& choices) {
    const std::uint64_t address = ArgumentSource::page_address(choices);
    return address - home < home_pages * exo::page_size ? address + 16 * exo::page_size : address;
}

/// What is made by a call that returns a handle.
ObjectType made_by(std::string_view call) {
    if (call == "account_create") return ObjectType::account;
    if (call == "frames_alloc" || call == "frames_alloc_at" || call == "frames_split")
        return ObjectType::frames;
    if (call == "env_create") return ObjectType::env;
    if (call == "notification_create") return ObjectType::notification;
    if (call == "gate_create") return ObjectType::gate;
    return ObjectType::none;
}

}  // namespace

bool ThreadProgram::step(ThreadCpus::Cpu& cpu, Choices& choices) {
    if (drops_due_ != 0) return drop_one(cpu, choices);
    return choices.percent(4) ? spawn(cpu, choices) : random_call(cpu, choices);
}

/// Gives up what it has made, because something has run out.
bool ThreadProgram::drop_one(ThreadCpus::Cpu& cpu, Choices& choices) {
    --drops_due_;
    const std::uint64_t dropped = held_[choices.below(held_.size())].handle;
    if (dropped < lamina::slots::first_free) return true;
    forget(dropped);
    CallResult result;
    return call(cpu, Call::cap_drop, {dropped}, result);
}

bool ThreadProgram::call(ThreadCpus::Cpu& cpu, Call number, const CallArguments& arguments,
                         CallResult& result) {
    const bool back = enter_by_call(cpu.local, std::uint64_t(number), arguments, result);
    if (back && result.status == 0) ++calls_succeeded;
    return back;
}

std::uint64_t ThreadProgram::handle(ObjectType type, Choices& choices) const {
    const std::size_t start = choices.below(held_.size());
    for (std::size_t i = 0; i < held_.size(); ++i) {
        const Held& held = held_[(start + i) % held_.size()];
        if (type == ObjectType::none || held.type == type) return held.handle;
    }
    return choices.below(40);
}

ObjectType ThreadProgram::type_of(std::uint64_t handle) const {
    const auto found = std::ranges::find(held_, handle, &Held::handle);
    return found != held_.end() ? found->type : ObjectType::none;
}

void ThreadProgram::forget(std::uint64_t handle) {
    if (handle >= lamina::slots::first_free)
        std::erase_if(held_, [&](const Held& held) { return held.handle == handle; });
}

void ThreadProgram::learn(const CallShape& shape, const CallArguments& arguments,
                          const CallResult& result) {
    if (result.status != 0) {
        if (lamina::Status(result.status) == lamina::Status::quota_exceeded) drops_due_ = 4;
        if (lamina::Status(result.status) == lamina::Status::bad_handle)
            for (unsigned i = 0; i < shape.argument_count; ++i)
                if (shape.arguments[i].is_handle()) forget(arguments[i]);
        return;
    }
    ObjectType made = made_by(shape.name);
    if (shape.name == "cap_derive") made = type_of(arguments[0]);
    if (shape.name == "cap_drop") forget(arguments[0]);
    if (shape.name == "cap_move" || shape.name == "frames_merge") forget(arguments[1]);
    if (made == ObjectType::none) return;
    if (held_.size() == held_max) held_.erase(held_.begin() + 8);
    held_.push_back({std::uint32_t(result.value), made});
}

bool ThreadProgram::random_call(ThreadCpus::Cpu& cpu, Choices& choices) {
    const CallShape& shape = call_shapes()[choices.below(lamina::call_count)];
    // Contexts and areas are written to user memory, which programs here have no part in.
    if (shape.name == "vcpu_resume" || shape.name == "machine_power") return true;
    CallArguments arguments = {};
    for (unsigned i = 0; i < shape.argument_count; ++i) {
        const ArgumentShape& argument = shape.arguments[i];
        if (argument.is_handle())
            arguments[i] = handle(type_named(argument.name), choices);
        else if (argument.kind == "rights")
            arguments[i] = std::uint64_t(choices.percent(60) ? Rights::copy : Rights::all) &
                           (choices.percent(60) ? ~0ULL : choices.next());
        else if (argument.kind == "protection")
            arguments[i] = choices.percent(50) ? 1 : 3;
        else if (argument.kind == "word")
            arguments[i] = word(argument.name, choices);
        else if (argument.name == "address")
            arguments[i] = address_to_map(choices);
        else
            arguments[i] = home + choices.below(32) * lamina::vcpu_area_alignment;
    }
    // These use up quota, or environments, faster than anything gives it back.
    const bool rare = shape.name == "env_end" || shape.name == "account_create";
    if (rare && choices.percent(80)) return true;
    if (takes_own(shape, arguments)) return true;
    if (careful_ && is_careless(shape, arguments)) return true;
    CallResult result;
    if (!call(cpu, Call(shape.number), arguments, result)) return false;
    learn(shape, arguments, result);
    return true;
}

/// Makes an environment on some CPU and starts it.
bool ThreadProgram::spawn(ThreadCpus::Cpu& cpu, Choices& choices) {
    CallResult result;
    if (!call(cpu, Call::account_create, {lamina::slots::account, 25 + choices.below(20)}, result))
        return false;
    if (result.status != 0) {
        drops_due_ = 4;
        return true;
    }
    const std::uint64_t account = result.value;
    if (!call(cpu, Call::env_create, {account, home, 4, 0, 0, choices.below(ThreadCpus::count)},
              result))
        return false;
    if (result.status == 0) {
        const std::uint64_t env = result.value;
        held_.push_back({std::uint32_t(env), ObjectType::env});
        if (!call(cpu, Call::frames_map, {env, lamina::slots::archive, 0, 2, home, 1}, result) ||
            !call(cpu, Call::cap_copy,
                  {env, lamina::slots::archive, std::uint64_t(Rights::read | Rights::copy),
                   lamina::slots::archive},
                  result) ||
            !call(cpu, Call::env_start, {env, home, home, 0}, result))
            return false;
    }
    return call(cpu, Call::cap_drop, {account}, result);
}

}  // namespace sim
