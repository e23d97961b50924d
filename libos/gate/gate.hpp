// libos/gate/gate.hpp - gates: functions that other environments call, and how to call theirs.
#pragma once

#include <cstdint>

#include "lamina/result.hpp"
#include "lamina/rights.hpp"
#include "lamina/syscalls.hpp"
#include "libos/sys/handles.hpp"

namespace libos {

using sys::GateWords;

/// A call as its handler sees it. The words are replaced by those of the reply.
struct GateMessage {
    std::uint64_t badge;  ///< Of the capability that the caller used.
    GateWords words;
};
static_assert(sizeof(GateMessage) == 7 * 8);  // entry.S builds it

/// Serves a call. It runs in the caller's slice, on a vCPU of its own without upcalls, beside
/// whatever else the environment does: it takes locks for what it shares, and an exception in it
/// ends the environment.
using GateHandler = void (*)(GateMessage& message);

/// An entry point of this environment. Lives as long as the environment: so do its activations.
class Gate {
public:
    /// Errors: those of gate_create.
    static lamina::Result<Gate> create(lamina::Handle account, GateHandler handler);

    /// Adds an activation: as many calls are served at the same time as there are. `cpu` is where
    /// it goes on if its caller does not wait for it any more. Errors: those of vcpu_create,
    /// frames_alloc and frames_map.
    lamina::Result<void> add_activation(lamina::Handle account, std::uint64_t cpu = 0,
                                        std::uint64_t stack_pages = stack_pages_default);

    /// To be derived from and copied to callers.
    lamina::Handle handle() const { return handle_; }

    static constexpr std::uint64_t stack_pages_default = 4;

private:
    Gate(lamina::Handle handle, GateHandler handler) : handle_(handle), handler_(handler) {}

    lamina::Handle handle_;
    GateHandler handler_;
};

/// Calls a gate and waits for the reply. Errors: those of gate_call.
inline lamina::Result<GateWords> call_gate(lamina::Handle gate, const GateWords& words,
                                           std::uint64_t deadline_ns = lamina::wait_forever) {
    const sys::GateReply reply = sys::enter_gate(std::uint64_t(gate), deadline_ns, words);
    if (reply.status != lamina::Status::ok) [[unlikely]]
        return lamina::fail(reply.status);
    return reply.words;
}

}  // namespace libos
