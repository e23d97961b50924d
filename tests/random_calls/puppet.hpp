// tests/random_calls/puppet.hpp - Puppet: an environment of a few instructions that makes the calls
// its mailbox names.
#pragma once

#include <cstdint>

#include "tests/random_calls/actor.hpp"
#include "tests/random_calls/puppet_code.hpp"

namespace random_calls {

/// A second mouth: it can wait, revoke and end while its caller goes on, and what it loses is no
/// loss. The handles here are the caller's own and in nobody's Holdings.
struct Puppet : Actor {
    enum class State : std::uint8_t { gone, idle, calling };

    State state = State::gone;
    std::uint32_t account = 0;
    std::uint32_t env = 0;
    std::uint32_t bell = 0;
    std::uint32_t mail_run = 0;
    Mailbox* mail = nullptr;  ///< As the caller has it mapped.
    Call call = Call::null;   ///< What it was told last.
    Words words = {};
    std::uint32_t patience = 0;  ///< How often it may still be found in that call.

    /// Fills the mailbox. Needs: idle. The bell is still to be rung.
    void tell(Call number, const Words& arguments);
    /// Whether the call it was told has returned; then it is idle.
    bool returned();
    /// Prepares what does not change from one call to the next.
    void set_mailbox(std::uint32_t bell_handle);
};

}  // namespace random_calls
