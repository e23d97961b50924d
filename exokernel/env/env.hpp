// exokernel/env/env.hpp - Env: a protection domain, from creation to the last reference.
#pragma once

#include <cstdint>
#include <string_view>

#include "exokernel/cap/table.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/notification.hpp"
#include "exokernel/memory/address_space.hpp"
#include "lamina/report.hpp"

namespace exo {

/// States: created (vCPU not started), alive, ending (its slices take it down step by step), ended
/// (only this object with the report is left). References: its capabilities in other tables, plus
/// one from env_start or the begin of its end until it has ended. Takes one page frame.
struct Env : Object {
    explicit Env(const CapOps& ops) : Object{}, caps(ops) {}

    std::uint64_t id = 0;
    std::uint32_t index = 0;  ///< In the info pages.
    Account* account = nullptr;
    Vcpu* vcpu = nullptr;  ///< The first; the others follow by Vcpu::next. Null when ended.
    bool started = false;  ///< A vCPU was.
    bool ending = false;
    Notification* end_notification = nullptr;  ///< Signalled when everything is freed; may be null.
    std::uint64_t end_bits = 0;
    bool essential = false;  ///< init: nobody could take note of its end, so that is a panic.
    std::uint64_t failed_address = 0;  ///< What the last not_mapped was about.
    AddressSpace space;
    lamina::EnvReport report = {};
    CapTable caps;

    bool alive() const { return vcpu != nullptr && !ending; }
    std::string_view name() const { return report.name; }
};
static_assert(sizeof(Env) <= page_size);

/// What a new environment gets.
struct EnvRequest {
    std::string_view name;
    Capability account;  ///< Pays, and goes to slot 2.
    CapSlot* payer;      ///< What that is derived from; may be null.
    Notification* notification;
    std::uint64_t bits;
    std::uint64_t parent_id;
    std::uint32_t cpu;  ///< Home of its vCPU: an index of cpus().
};

/// Makes an environment with an empty address space, a vCPU and the capabilities for itself. The
/// first reference must follow. Errors: quota_exceeded, out_of_frames, limit_reached; nothing
/// changes.
Result<Env*> create_env(const EnvRequest& request);

/// Makes one more vCPU of a living environment, charged to `account`, with one reference, the
/// environment's. Errors: quota_exceeded, out_of_frames, limit_reached; nothing changes.
Result<Vcpu*> create_vcpu(Env& env, Account& account, CpuLocal& home);

/// Starts a vCPU. Errors: already_started, ended.
Result<void> start_vcpu(Vcpu& vcpu, std::uint64_t entry, std::uint64_t stack,
                        std::uint64_t argument);

/// Begins the end: no user instruction of it runs any more. Errors: ended.
Result<void> begin_end(Env& env, lamina::EndCause cause, std::uint32_t status);

/// Does a bounded part of taking an ending vCPU down, and with the last one its environment; called
/// in its slices. True when it has ended, or waits for the others to.
bool end_step(Vcpu& vcpu);

/// How capability tables count references; see cap/table.hpp.
extern const CapOps cap_ops;
}  // namespace exo
