// tests/smp/gates_test.cpp - vCPUs on all CPUs call one environment through its gate, while slices
// end.
#include <array>
#include <cstdint>
#include <span>

#include "lamina/slice.hpp"
#include "libos/gate/gate.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/text/text.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vcpu/vcpu.hpp"
#include "tests/guest/gate_client.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::Rights;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint32_t cpus_max = 8;
constexpr std::uint32_t callers_per_cpu = 2;

/// A vCPU that calls by a capability with a badge of its own.
struct Caller {
    libos::Vcpu* vcpu = nullptr;
    lamina::Handle gate = lamina::Handle::null;
    std::uint64_t badge = 0;
    std::uint64_t calls = 0;
    bool right = true;
};
constinit std::array<Caller, callers_per_cpu * cpus_max> callers = {};

// Each call is answered with its own words and its own badge, or refused as there is no activation.
void call(Caller& self) {
    for (std::uint64_t i = 0; i < self.calls && self.right;) {
        const std::uint64_t word = self.badge << 40 | i;
        const auto reply = libos::call_gate(self.gate, {gate_server::echo, word, ~word, i});
        if (!reply && reply.error() == lamina::Status::busy) {
            (void)sys::vcpu_yield();
            continue;
        }
        self.right = reply && (*reply)[1] == word + self.badge &&
                     (*reply)[2] == ~word + self.badge && (*reply)[3] == i + self.badge;
        ++i;
    }
}

lamina::Result<void> prepare(Caller& caller, std::uint64_t cpu, const gate_server::Server& server) {
    LAMINA_TRY(caller.vcpu, libos::Vcpu::create(fixed::account, cpu));
    LAMINA_CHECK(sys::slice_set(caller.vcpu->handle(), lamina::slice_ns_min));
    LAMINA_TRY(caller.gate, sys::cap_derive(server.gate(), Rights::call, caller.badge, 0));
    return {};
}

// 5,000 calls, or 100,000, and one activation less than there are callers.
void test_each_gets_its_own_replies() {
    const std::uint32_t cpus = guest::info().cpu_count_used;
    const auto all = std::span(callers).first(callers_per_cpu * cpus);
    const libos::Digits activations(all.size() - 1, 10);
    const gate_server::Server server(activations.view());
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].badge = i + 1;
        all[i].calls = (guest::is_long() ? 100'000 : 5'000) / all.size();
        TEST_ASSERT_OK(prepare(all[i], i % cpus, server));
    }
    for (Caller& caller : all)
        caller.vcpu->run([](void* argument) { call(*static_cast<Caller*>(argument)); }, &caller);
    for (Caller& caller : all) {
        caller.vcpu->join();
        TEST_ASSERT_TRUE(caller.right);
    }
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (!libos::start_upcalls()) return 1;
    RUN_TEST(test_each_gets_its_own_replies);
    return libos::unity::end();
}
