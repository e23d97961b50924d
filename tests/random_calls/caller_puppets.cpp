// tests/random_calls/caller_puppets.cpp - a Caller's puppets: raising, telling, hearing, ending.
#include "lamina/report.hpp"
#include "tests/random_calls/caller.hpp"
#include "tests/random_calls/stage.hpp"

namespace random_calls {

using lamina::page_size;
using lamina::Protection;
namespace sys = libos::sys;

void await_end(std::uint32_t env) {
    lamina::EnvReport report;
    for (;;) {
        const auto told = sys::env_report(lamina::Handle(env), &report);
        if (told || told.error() != Status::not_ended) return;
        (void)sys::vcpu_yield();
    }
}

bool Caller::tell(Puppet& puppet, Call call, const Words& words) {
    if (puppet.state != Puppet::State::idle) return false;
    puppet.tell(call, words);
    make(Call::notification_signal, {puppet.bell, 1});
    return true;
}

void Caller::hear(Puppet& puppet, std::uint64_t status, std::uint64_t value) {
    tally_->add(std::uint64_t(puppet.call), puppet.words, status, value);
    if (status == 0) {
        (void)learn(puppet, target_of(puppet, puppet.words), puppet.call, puppet.words, value,
                    choices_);
    } else if (Status(status) == Status::bad_handle) {
        const auto meanings = calls::call_meanings[std::size_t(puppet.call)].view();
        for (std::size_t i = 0; i < meanings.size(); ++i)
            if (calls::is_handle(meanings[i]))
                puppet.holdings.forget(std::uint32_t(puppet.words[i]));
    }
}

/// Looks whether the puppet has ended, by its own call perhaps.
void Caller::heed_end(Puppet& puppet) {
    lamina::EnvReport report;
    if (!sys::env_report(lamina::Handle(puppet.env), &report)) return;
    const bool by_call = puppet.call == Call::env_end && report.cause == lamina::EndCause::exited &&
                         report.status == puppet.words[1];
    if (by_call) tally_->add(std::uint64_t(puppet.call), puppet.words, 0, 0);
    end(puppet);
}

bool Caller::listen(Puppet& puppet) {
    if (puppet.state == Puppet::State::calling && puppet.returned())
        hear(puppet, puppet.mail->status, puppet.mail->value);
    return puppet.state == Puppet::State::idle;
}

bool Caller::fill(Puppet& puppet) {
    const std::uint64_t env = puppet.env;
    using enum Protection;
    const auto maps = [&](std::uint32_t run, std::uint64_t address, Protection protection) {
        return make(Call::frames_map, {env, run, 0, 1, address, std::uint64_t(protection)})
                   .status == Status::ok;
    };
    if (!maps(code_run_, puppet_code_address, read | execute)) return false;
    if (!maps(puppet.mail_run, puppet_mail_address, read | write)) return false;
    if (!set_stage(lamina::Handle(puppet.env), lamina::Handle(stage_run_))) return false;
    constexpr std::uint32_t bell_slot = 9;
    const auto rights = std::uint64_t(Rights::wait);
    if (value_of(Call::cap_copy, {env, puppet.bell, rights, bell_slot}) == 0) return false;
    puppet.set_mailbox(bell_slot);
    // What rang for the one before it.
    make(Call::notification_wait, {puppet.bell, 1, lamina::no_wait});
    return make(Call::env_start,
                {env, puppet_code_address, puppet_mail_address + page_size, puppet_mail_address})
               .status == Status::ok;
}

/// Puts copies of the puppet's handles among those that are played with.
void Caller::let_know(const Puppet& puppet) {
    const auto env_rights =
        std::uint32_t(Rights::read | Rights::manage | Rights::end | Rights::copy);
    const auto env = value_of(Call::cap_derive, {puppet.env, env_rights});
    if (env != 0)
        if (const auto lost =
                self_.holdings.add({env, ObjectType::env, env_rights, puppet.who}, choices_))
            make(Call::cap_drop, {lost});
    const auto account_rights = std::uint32_t(Rights::spend | Rights::copy);
    const auto account = value_of(Call::cap_derive, {puppet.account, account_rights});
    if (account != 0)
        if (const auto lost =
                self_.holdings.add({account, ObjectType::account, account_rights}, choices_))
            make(Call::cap_drop, {lost});
}

bool Caller::raise(Puppet& puppet, std::uint64_t frames, std::uint64_t cpu) {
    puppet.account = value_of(Call::account_create, {account_handle, frames});
    if (puppet.account == 0) return false;
    puppet.env = value_of(Call::env_create, {puppet.account, stage_address, 6, 0, 0, cpu});
    puppet.who = ++next_who_;
    puppet.holdings.clear();
    puppet.maps = {};
    if (puppet.env == 0 || !fill(puppet)) {
        end(puppet);
        return false;
    }
    puppet.state = Puppet::State::idle;
    const auto all = std::uint32_t(Rights::all);
    puppet.holdings.add_fixed({lamina::slots::self, ObjectType::env, all, puppet.who});
    puppet.holdings.add_fixed(
        {lamina::slots::account, ObjectType::account, std::uint32_t(Rights::spend | Rights::copy)});
    puppet.holdings.add_fixed(
        {lamina::slots::vcpu, ObjectType::vcpu,
         std::uint32_t(Rights::manage | Rights::signal | Rights::call | Rights::copy)});
    if (&puppet != &server) let_know(puppet);
    return true;
}

void Caller::end(Puppet& puppet) {
    if (puppet.env != 0) {
        make(Call::env_end, {puppet.env, 1});
        await_end(puppet.env);
        make(Call::cap_drop, {puppet.env});
    }
    if (puppet.account != 0) make(Call::cap_drop, {puppet.account});
    puppet.env = puppet.account = 0;
    puppet.who = nobody;
    puppet.state = Puppet::State::gone;
}

}  // namespace random_calls
