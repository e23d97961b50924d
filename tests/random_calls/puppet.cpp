// tests/random_calls/puppet.cpp - telling a puppet what to call, and hearing what came of it.
#include "tests/random_calls/puppet.hpp"

#include <cstring>

namespace random_calls {

namespace sys = libos::sys;

void Puppet::set_mailbox(std::uint32_t bell_handle) {
    std::memset(static_cast<void*>(mail), 0, sizeof *mail);
    mail->bell = bell_handle;
    mail->wait_rax = sys::tagged(Call::notification_wait);
    mail->end_rax = sys::tagged(Call::env_end);
    mail->after_call.r12 = puppet_mail_address;
    mail->after_call.rsp = puppet_mail_address + lamina::page_size;
    mail->after_call.rip = puppet_code_at(random_calls_puppet_called);
    mail->resume_rax = sys::tagged(Call::vcpu_resume);
    mail->entries.reclaim = puppet_code_at(random_calls_puppet_asked);
    mail->entries.stack = puppet_area_address;
}

void Puppet::tell(Call number, const Words& arguments) {
    call = number;
    words = arguments;
    patience = 300;
    state = State::calling;
    mail->rax = sys::tagged(number);
    mail->rdi = words[0];
    mail->rsi = words[1];
    mail->rdx = words[2];
    mail->r10 = words[3];
    mail->r8 = words[4];
    mail->r9 = words[5];
    mail->done.store(0, std::memory_order_release);
}

bool Puppet::returned() {
    if (mail->done.load(std::memory_order_acquire) == 0) return false;
    state = State::idle;
    return true;
}

}  // namespace random_calls
