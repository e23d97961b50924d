// tests/guest/gate_client.hpp - Server: the app gate_server, as a test that calls it has it.
#pragma once

#include <string_view>
#include <utility>

#include "libos/sys/handles.hpp"
#include "tests/guest/gate_server.hpp"
#include "tests/guest/support.hpp"

namespace gate_server {

/// The app gate_server with its gate. The slot of our table that it uses is free again after it, so
/// its handle grows older each time.
class Server {
public:
    explicit Server(std::string_view activations = "1") {
        bell_ = libos::OwnedHandle(
            libos::sys::notification_create(libos::fixed::account).value_or(lamina::Handle::null));
        const libos::Grant grants[] = {
            {parent_slot, libos::fixed::self, lamina::Rights::manage},
            {bell_slot, bell_.get(), lamina::Rights::signal | lamina::Rights::wait}};
        const std::string_view arguments[] = {activations};
        auto request = guest::request("gate_server", arguments);
        request.grants = grants;
        auto child = libos::spawn(request);
        if (!child) return;
        child_ = std::move(*child);
        (void)libos::sys::notification_wait(bell_.get(), 1, lamina::wait_forever);
        gate_ = libos::OwnedHandle(lamina::make_handle(gate_slot, generation++));
    }
    ~Server() {
        if (child_.id == 0) return;
        (void)libos::sys::env_end(child_.env.get(), 0);
        (void)guest::wait_end(std::move(child_));
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    lamina::Handle gate() const { return gate_.get(); }
    lamina::Handle bell() const { return bell_.get(); }
    /// Waits for the end that it brought about itself.
    lamina::EnvReport wait_end() {
        child_.id = 0;
        return guest::wait_end(std::move(child_));
    }

private:
    static inline std::uint32_t generation = 0;
    libos::OwnedHandle bell_;
    libos::OwnedHandle gate_;
    libos::Child child_;
};

}  // namespace gate_server
