// tests/random_calls/caller.cpp - making calls, being careful, and learning from what came of them.
#include "tests/random_calls/caller.hpp"

#include <algorithm>
#include <cstring>

#include "libos/clock/clock.hpp"
#include "libos/info/info.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/random_calls/stage.hpp"

extern "C" lamina::Status random_calls_resume(lamina::SavedContext* context, std::uint64_t rax);

namespace random_calls {

using calls::Meaning;
using lamina::page_size;
using lamina::Protection;
namespace sys = libos::sys;

namespace {

constexpr std::uint64_t large_bytes = 2 << 20;

/// The most a caller waits itself.
constexpr std::uint64_t wait_ns_max = 20'000;

constexpr bool takes_capability(Call call) {
    return call == Call::cap_drop || call == Call::cap_move || call == Call::cap_revoke ||
           call == Call::env_end;
}

/// Whether what is read there is what was put there, or nothing: other memory may hold anything.
bool is_staged(std::uint64_t address) {
    return address - stage_address < stage_pages * page_size || address == 0 ||
           address - unmapped_address < page_size || !lamina::in_user_half(address, 1);
}

/// The id of an environment; 0 if the handle is not for one.
std::uint64_t id_of(std::uint32_t env) {
    lamina::CapInfo info = {};
    (void)sys::cap_inspect(lamina::Handle(env), &info);
    return info.id;
}

}  // namespace

/// An actor as the maker of its arguments sees it.
class Caller::View {
public:
    View(Caller& caller, Actor& actor) : caller_(&caller), actor_(&actor) {}

    Choices& choices() { return caller_->choices_; }
    std::uint64_t handle_of(ObjectType type) {
        return handle(actor_->holdings.pick(type, choices()));
    }
    std::uint64_t any_handle() { return handle(actor_->holdings.pick_any(choices())); }
    std::uint64_t remembered_handle() { return actor_->holdings.pick_forgotten(choices()); }
    std::uint64_t foreign_handle() {
        const auto& other = *caller_->puppets()[choices().below(4)];
        return handle(other.holdings.pick_any(choices()));
    }
    std::uint64_t rights_of(std::uint64_t handle) {
        const Held* held = actor_->holdings.find(std::uint32_t(handle));
        return held != nullptr ? held->rights : 0;
    }
    std::uint64_t address(Meaning meaning) {
        const bool by_puppet = actor_ != &caller_->self_;
        if (by_puppet && meaning == Meaning::context && choices().percent(50))
            return puppet_mail_address + offsetof(Mailbox, after_call);
        // A caller with its area in a page that can be revoked would end by that.
        if (by_puppet && meaning == Meaning::area && choices().percent(40))
            return random_page(choices()) + choices().below(48) * lamina::vcpu_area_alignment;
        if (meaning == Meaning::predicate && choices().percent(80)) {
            const std::uint64_t chance = choices().below(100);
            const std::uint64_t frames = chance < 70   ? handle_of(ObjectType::frames)
                                         : chance < 85 ? any_handle()
                                                       : remembered_handle();
            return set_predicate(frames, choices().percent(40));
        }
        return stage_address_for(meaning, choices());
    }
    calls::MappedPages mapped_pages() { return actor_->maps[choices().below(actor_->maps.size())]; }
    std::uint64_t cpu_count() const { return caller_->part_.cpu_count; }
    std::uint64_t now_ns() const { return libos::now_ns().value_or(0); }
    std::uint64_t env_id() {
        const Held* env = caller_->self_.holdings.pick(ObjectType::env, choices());
        if (env == nullptr || choices().percent(10)) return choices().below(2000);
        return id_of(env->handle);
    }

private:
    static std::uint64_t handle(const Held* held) { return held != nullptr ? held->handle : 0; }

    Caller* caller_;
    Actor* actor_;
};

Caller::Caller(const Part& part, Tally& tally) : part_(part), tally_(&tally), choices_(part.seed) {
    self_.who = ++next_who_;
    const auto all = std::uint32_t(Rights::all);
    const auto some = std::uint32_t(Rights::read | Rights::write | Rights::copy);
    using lamina::slots::console, lamina::slots::machine, lamina::slots::vcpu;
    self_.holdings.add_fixed({lamina::slots::self, ObjectType::env, all, self_.who});
    self_.holdings.add_fixed(
        {lamina::slots::account, ObjectType::account, std::uint32_t(Rights::spend | Rights::copy)});
    self_.holdings.add_fixed(
        {vcpu, ObjectType::vcpu,
         std::uint32_t(Rights::manage | Rights::signal | Rights::call | Rights::copy)});
    self_.holdings.add_fixed({console, ObjectType::console, some});
    self_.holdings.add_fixed(
        {machine, ObjectType::machine, std::uint32_t(Rights::power | Rights::read | Rights::copy)});
}

lamina::Result<void> Caller::set_up() {
    LAMINA_TRY(const auto stage, sys::frames_alloc(libos::fixed::account, stage_pages));
    LAMINA_TRY(const auto code, sys::frames_alloc(libos::fixed::account, 1));
    stage_run_ = std::uint32_t(stage);
    code_run_ = std::uint32_t(code);
    constexpr auto writable = Protection::read | Protection::write;
    {
        LAMINA_TRY(const auto text, libos::Mapping::create(stage, 0, 1, writable));
        std::memset(text.bytes().data(), 'a', page_size);
        LAMINA_TRY(const auto program, libos::Mapping::create(code, 0, 1, writable));
        std::memcpy(program.bytes().data(), random_calls_puppet,
                    std::size_t(random_calls_puppet_end - random_calls_puppet));
    }
    LAMINA_CHECK(set_stage(libos::fixed::self, stage));
    fill_structures();
    for (Puppet* puppet : puppets()) {
        LAMINA_TRY(const auto run, sys::frames_alloc(libos::fixed::account, 1));
        LAMINA_TRY(auto mail, libos::Mapping::create(run, 0, 1, writable));
        puppet->mail_run = std::uint32_t(run);
        puppet->mail = reinterpret_cast<Mailbox*>(mail.release().data());
        LAMINA_TRY(const auto bell, sys::notification_create(libos::fixed::account));
        puppet->bell = std::uint32_t(bell);
    }
    return {};
}

Reply Caller::make(Call call, const Words& words) {
    Reply reply;
    if (call == Call::gate_call) {
        const auto told =
            sys::enter_gate(words[0], words[1], {words[2], words[3], words[4], words[5], 0, 0});
        reply = {told.status, told.status == Status::ok ? told.words[0] : 0};
    } else {
        reply = sys::enter(sys::tagged(call), words[0], words[1], words[2], words[3], words[4],
                           words[5]);
    }
    tally_->add(std::uint64_t(call), words, std::uint64_t(reply.status), reply.value);
    return reply;
}

std::uint32_t Caller::value_of(Call call, const Words& words) {
    const Reply reply = make(call, words);
    return reply.status == Status::ok ? std::uint32_t(reply.value) : 0;
}

void Caller::count(Call call, const Words& words, Status status) {
    tally_->add(std::uint64_t(call), words, std::uint64_t(status), 0);
}

Actor* Caller::find_actor(Who who) {
    if (who == nobody) return nullptr;
    if (who == self_.who) return &self_;
    for (Puppet* puppet : puppets())
        if (puppet->who == who) return puppet;
    return nullptr;
}

Actor* Caller::target_of(const Actor& actor, const Words& words) {
    if (words[0] == 0) return find_actor(actor.who);
    const Held* env = actor.holdings.find(std::uint32_t(words[0]));
    return env != nullptr ? find_actor(env->who) : nullptr;
}

bool Caller::is_private(std::uint64_t handle) {
    if (handle == stage_run_ || handle == code_run_ || handle == lamina::slots::info) return true;
    return std::ranges::any_of(puppets(), [&](const Puppet* puppet) {
        return handle == puppet->account || handle == puppet->env || handle == puppet->bell ||
               handle == puppet->mail_run;
    });
}

/// Whether a call makes a vCPU for an environment that is to live: started anywhere, it would end
/// that.
bool Caller::endangers(const Actor& actor, Call call, const Words& words) {
    return call == Call::vcpu_create && target_of(actor, words) != nullptr;
}

/// Whether the caller survives a call of its own; may change it so that it does.
bool Caller::careful(Call call, Words& words) {
    const std::uint64_t taken = words[call == Call::cap_move ? 1 : 0];
    if (takes_capability(call) && is_private(taken)) return false;
    const bool fixed = lamina::handle_slot(lamina::Handle(taken)) < lamina::slots::first_free;
    switch (call) {
        case Call::cap_drop: return !fixed;
        case Call::cap_move: return !fixed && !names_itself(self_, taken);
        case Call::cap_revoke: return !fixed || choices_.percent(10);
        case Call::env_end: {
            if (names_itself(self_, taken)) return false;
            const Held* held = self_.holdings.find(std::uint32_t(taken));
            return held == nullptr || find_actor(held->who) == nullptr || choices_.percent(2);
        }
        case Call::cap_copy:
            // Nobody else is to end it, or to take its memory away.
            if (names_itself(self_, words[1]))
                words[2] &= ~std::uint64_t(Rights::end | Rights::manage);
            return true;
        case Call::account_end:
        case Call::account_time:
        case Call::account_reclaim:
        case Call::account_repossess: return taken != reclaim_slot;
        case Call::vcpu_resume: return is_staged(words[0]);
        case Call::vcpu_bind: return is_staged(words[1]) && is_staged(words[2]);
        case Call::notification_wait:
            words[2] = std::min(words[2], libos::now_ns().value_or(0) + wait_ns_max);
            return true;
        case Call::predicate_wait:
            words[1] = std::min(words[1], libos::now_ns().value_or(0) + wait_ns_max);
            return true;
        default: return true;
    }
}

void Caller::step() {
    if (drops_due_ != 0) {
        --drops_due_;
        if (const auto handle = self_.holdings.take(); handle != 0) make(Call::cap_drop, {handle});
        return;
    }
    if (choices_.percent(1)) {
        const auto number = lamina::call_count + choices_.below(1000);
        make(Call(number), {choices_.next()});
        return;
    }
    const auto chance = choices_.below(100);
    if (chance < 16)
        call_by(*puppets()[chance % 3]);
    else
        call_oneself();
}

void Caller::call_oneself() {
    const Call call = random_call(choices_);
    View view(*this, self_);
    Words words = calls::ArgumentSource(view).make(call);
    tame(call, words, choices_);
    if (!careful(call, words) || endangers(self_, call, words)) return;
    if (call == Call::vcpu_resume &&
        words[0] == reinterpret_cast<std::uint64_t>(&structures().resumed)) {
        const Status status = random_calls_resume(&structures().resumed, sys::tagged(call));
        return tally_->add(std::uint64_t(call), words, std::uint64_t(status), 0);
    }
    const Reply reply = make(call, words);
    if (reply.status != Status::ok) return learn_failure(call, words, reply.status);
    Actor* const target = target_of(self_, words);
    if (call == Call::frames_map && target == &self_) note_mapped(words[4], words[3]);
    const auto lost = learn(self_, target, call, words, reply.value, choices_);
    if (lost != 0) make(Call::cap_drop, {lost});
}

void Caller::learn_failure(Call call, const Words& words, Status status) {
    if (status == Status::quota_exceeded || status == Status::table_full)
        drops_due_ = 1 + std::uint32_t(choices_.below(4));
    if (status != Status::bad_handle) return;
    const auto meanings = calls::call_meanings[std::size_t(call)].view();
    for (std::size_t i = 0; i < meanings.size(); ++i) {
        const auto handle = std::uint32_t(words[i]);
        if (!calls::is_handle(meanings[i]) || self_.holdings.find(handle) == nullptr) continue;
        const Reply seen = make(Call::cap_inspect, {handle, output_page});
        if (seen.status == Status::bad_handle) self_.holdings.forget(handle);
    }
}

void Caller::call_by(Puppet& puppet) {
    if (puppet.state == Puppet::State::gone) return;
    if (!listen(puppet)) {
        if (puppet.patience % 50 == 0) heed_end(puppet);
        if (puppet.state != Puppet::State::gone && puppet.patience-- == 0) end(puppet);
        return;
    }
    const Call call = random_call(choices_);
    View view(*this, puppet);
    Words words = calls::ArgumentSource(view).make(call);
    tame(call, words, choices_);
    if (!endangers(puppet, call, words)) tell(puppet, call, words);
}

void Caller::sweep() {
    for (Puppet* puppet : puppets())
        end(*puppet);
    make(Call::frames_watch, {lamina::slots::machine, 0, 0, 0, 0});
    while (const auto handle = self_.holdings.take()) {
        make(Call::cap_revoke, {handle});
        make(Call::cap_drop, {handle});
    }
    unmap_regions();
    end_strays();
}

/// Ends what is still charged to the caller's account: environments that hold each other's
/// capabilities, and never ran, go no other way.
void Caller::end_strays() {
    const std::uint64_t own = id_of(self_handle);
    lamina::EnvInfo env;
    for (std::uint32_t i = 0; i < lamina::env_count_max; ++i)
        if (libos::read_env_info(i, env) && env.id != 0 && env.id != own)
            make(Call::account_end, {reclaim_slot, env.id, 1});
}

void Caller::note_mapped(std::uint64_t address, std::uint64_t pages) {
    for (std::size_t i = 0; i < std::size(regions); ++i) {
        const std::uint64_t page = (address - regions[i]) / page_size;
        if (page < region_pages) mapped_pages_[i] = std::max(mapped_pages_[i], page + pages);
    }
}

void Caller::unmap_regions() {
    for (std::size_t i = 0; i < std::size(regions); ++i) {
        for (std::uint64_t page = 0; page < mapped_pages_[i]; ++page) {
            const std::uint64_t address = regions[i] + page * page_size;
            const Reply reply = make(Call::frames_unmap, {self_handle, address, 1});
            if (reply.status == Status::partial_page)
                make(Call::frames_unmap,
                     {self_handle, address & ~(large_bytes - 1), large_bytes / page_size});
        }
        mapped_pages_[i] = 0;
    }
}

}  // namespace random_calls
