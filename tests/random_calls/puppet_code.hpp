// tests/random_calls/puppet_code.hpp - the program of a puppet, and the page it takes its calls
// from.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "lamina/layout.hpp"
#include "lamina/vcpu.hpp"
#include "tests/random_calls/mailbox_offsets.h"

namespace random_calls {

/// The call that each call through a puppet's gate makes.
struct Deed {
    std::uint64_t rax, rdi, rsi, rdx;
};
static_assert(offsetof(Deed, rax) == DEED_RAX && offsetof(Deed, rdi) == DEED_RDI);
static_assert(offsetof(Deed, rsi) == DEED_RSI && offsetof(Deed, rdx) == DEED_RDX);

/// A puppet waits for its bell, makes the call it finds here, says what came of it, and waits
/// again.
struct Mailbox {
    std::uint64_t rax, rdi, rsi, rdx, r10, r8, r9;  ///< The call.
    std::uint64_t status;
    std::uint64_t value;
    std::atomic<std::uint64_t> done;
    std::uint64_t bell;               ///< The puppet's handle for it.
    std::uint64_t wait_rax, end_rax;  ///< The numbers of notification_wait and env_end.
    std::uint64_t resume_rax;         ///< And of vcpu_resume.
    lamina::SavedContext after_call;  ///< What a vcpu_resume of the puppet may go on with.
    Deed deed;
    lamina::VcpuEntries entries;  ///< For a vcpu_bind of the puppet: for reclaim, and no other.
    alignas(lamina::vcpu_area_alignment) lamina::VcpuArea area;
};
static_assert(offsetof(Mailbox, rax) == MAIL_RAX && offsetof(Mailbox, rdi) == MAIL_RDI);
static_assert(offsetof(Mailbox, rsi) == MAIL_RSI && offsetof(Mailbox, rdx) == MAIL_RDX);
static_assert(offsetof(Mailbox, r10) == MAIL_R10 && offsetof(Mailbox, r8) == MAIL_R8);
static_assert(offsetof(Mailbox, r9) == MAIL_R9 && offsetof(Mailbox, status) == MAIL_STATUS);
static_assert(offsetof(Mailbox, value) == MAIL_VALUE && offsetof(Mailbox, done) == MAIL_DONE);
static_assert(offsetof(Mailbox, bell) == MAIL_BELL && offsetof(Mailbox, wait_rax) == MAIL_WAIT);
static_assert(offsetof(Mailbox, end_rax) == MAIL_END);
static_assert(offsetof(Mailbox, resume_rax) == MAIL_RESUME);
static_assert(sizeof(Mailbox) <= lamina::page_size);

/// Where they are in a puppet.
inline constexpr std::uint64_t puppet_code_address = 0x40'0000;
inline constexpr std::uint64_t puppet_mail_address = 0x40'1000;
inline constexpr std::uint64_t puppet_deed_address = puppet_mail_address + offsetof(Mailbox, deed);
inline constexpr std::uint64_t puppet_area_address = puppet_mail_address + offsetof(Mailbox, area);
inline constexpr std::uint64_t puppet_entries_address =
    puppet_mail_address + offsetof(Mailbox, entries);

}  // namespace random_calls

extern "C" {
/// The code, less than a page, for any address; started with the mailbox's address in rdi. In it:
/// where a told call returns, the entry of a gate, and that for memory that is asked for.
extern const std::byte random_calls_puppet[], random_calls_puppet_called[],
    random_calls_puppet_serves[], random_calls_puppet_asked[], random_calls_puppet_end[];
}

namespace random_calls {

/// Where a place of the code is in a puppet.
inline std::uint64_t puppet_code_at(const std::byte* place) {
    return puppet_code_address + std::uint64_t(place - random_calls_puppet);
}

}  // namespace random_calls
