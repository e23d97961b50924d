// tests/guest/gate_server.cpp - an app that serves calls through a gate for its parent.
#include "tests/guest/gate_server.hpp"

#include <cstddef>

#include "libos/gate/gate.hpp"
#include "libos/rt/app.hpp"
#include "libos/text/text.hpp"
#include "tests/guest/selectors.hpp"

namespace {

namespace fixed = libos::fixed;
namespace sys = libos::sys;
using lamina::Handle;

constexpr Handle bell = lamina::make_handle(gate_server::bell_slot, 0);

/// Whether this call began with everything as the processor starts; leaves it otherwise.
bool looks_clean() {
    struct alignas(16) Wide {
        std::uint64_t half[2];
    } found[2], full = {{~0ULL, ~0ULL}};
    std::uint64_t fs = 0;
    std::uint64_t gs = 0;
    std::uint32_t mxcsr = 0;
    asm volatile("movaps %%xmm0, %0\n movaps %%xmm15, %1\n stmxcsr %2\n rdfsbase %3\n rdgsbase %4"
                 : "=m"(found[0]), "=m"(found[1]), "=m"(mxcsr), "=r"(fs), "=r"(gs));
    std::uint64_t set = fs | gs | guest::selectors();
    guest::set_selectors();
    const std::uint32_t other_mxcsr = 0x3f80;
    asm volatile("movaps %0, %%xmm0\n movaps %0, %%xmm15\n ldmxcsr %1\n wrfsbase %2\n wrgsbase %2"
                 :
                 : "m"(full), "m"(other_mxcsr), "r"(0x1234'0000ULL)
                 : "xmm0", "xmm15");
    for (const Wide& each : found)
        set |= each.half[0] | each.half[1];
    return set == 0 && mxcsr == 0x1f80;
}

Handle own_gate;

std::uint64_t nest(std::uint64_t times) {
    if (times == 0) return 0;
    const auto reply = libos::call_gate(own_gate, {gate_server::nest, times - 1});
    return reply ? (*reply)[1] : std::uint64_t(reply.error());
}

void serve(libos::GateMessage& message) {
    switch (gate_server::Deed(message.words[0])) {
        case gate_server::echo:
            for (std::size_t i = 1; i < message.words.size(); ++i)
                message.words[i] += message.badge;
            break;
        case gate_server::end: (void)sys::env_end(fixed::self, 7); break;
        case gate_server::spin:
            for (;;)
                asm volatile("");
        case gate_server::wait:
            message.words[1] = sys::notification_wait(bell, 2, lamina::wait_forever).value_or(0);
            break;
        case gate_server::revoke: (void)sys::cap_revoke(own_gate); break;
        case gate_server::nest: message.words[1] = nest(message.words[1]); break;
        case gate_server::look: message.words[1] = looks_clean() ? 0 : 1; break;
    }
}

lamina::Result<void> offer(std::uint64_t activations) {
    LAMINA_TRY(auto gate, libos::Gate::create(fixed::account, serve));
    own_gate = gate.handle();
    for (std::uint64_t i = 0; i < activations; ++i)
        LAMINA_CHECK(gate.add_activation(fixed::account));
    LAMINA_CHECK(sys::cap_copy(lamina::make_handle(gate_server::parent_slot, 0), gate.handle(),
                               lamina::Rights::call | lamina::Rights::copy,
                               gate_server::gate_slot));
    LAMINA_CHECK(sys::notification_signal(bell, 1));
    return {};
}

}  // namespace

int lamina_main(std::span<const std::string_view> arguments) {
    const auto other = lamina::make_handle(gate_server::other_slot, 0);
    if (arguments.size() == 1) return libos::call_gate(other, {gate_server::wait}) ? 0 : 2;
    const auto activations = libos::parse_number(arguments.size() == 2 ? arguments[1] : "");
    if (!activations || !offer(*activations)) return 1;
    const auto never = sys::notification_create(fixed::account);
    if (never) (void)sys::notification_wait(*never, 1, lamina::wait_forever);
    return 0;
}
