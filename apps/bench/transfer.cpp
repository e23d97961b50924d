// apps/bench/transfer.cpp - calls through a gate to another environment, and yielding to it.
#include "apps/bench/transfer.hpp"

#include <cstddef>
#include <cstdint>

#include "apps/bench/counted.hpp"
#include "lamina/rights.hpp"
#include "libos/archive/boot_archive.hpp"
#include "libos/loader/loader.hpp"
#include "libos/sys/handles.hpp"

// In gate.S: replies the words it was called with.
extern "C" const std::byte bench_gate_entry[];

namespace bench {
namespace {

using lamina::Handle;
using lamina::Result;
using lamina::Rights;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t quota_frames = 256;

// Fixed slots: of the server's table what it is given, of the caller's what it gets for that.
constexpr std::uint32_t parent_slot = 9;
constexpr std::uint32_t parent_vcpu_slot = 10;
constexpr std::uint32_t bell_slot = 11;
constexpr std::uint32_t gate_slot = 12;
constexpr std::uint32_t vcpu_slot = 13;

constexpr Handle at(std::uint32_t slot) { return lamina::make_handle(slot, 0); }

Result<libos::Child> start_server(std::string_view name, Handle bell) {
    LAMINA_TRY(const auto archive, libos::BootArchive::open());
    LAMINA_TRY(const auto elf, archive.view().find(name, lamina::ArchiveKind::app));
    const libos::Grant grants[] = {
        {parent_slot, fixed::self, Rights::manage},
        {parent_vcpu_slot, at(lamina::slots::vcpu), Rights::call},
        {bell_slot, bell, Rights::signal},
    };
    const std::string_view arguments[] = {"server"};
    libos::SpawnRequest request;
    request.name = name;
    request.elf = elf;
    request.arguments = arguments;
    request.quota_frames = quota_frames;
    request.grants = grants;
    return libos::spawn(request);
}

Result<void> run(std::string_view name) {
    LAMINA_TRY(const auto bell, libos::own(sys::notification_create(fixed::account)));
    LAMINA_TRY(const auto server, start_server(name, bell.get()));
    LAMINA_CHECK(sys::notification_wait(bell.get(), 1, lamina::wait_forever));
    const sys::GateWords words = {1, 2, 3, 4, 5, 6};
    const auto call = [&] { (void)sys::enter_gate(gate_slot, lamina::wait_forever, words); };
    measure_row("gate_call", call);
    // Its first turn is the rest of its start.
    LAMINA_CHECK(sys::vcpu_yield_to(at(vcpu_slot)));
    measure_row("yield_to", [] { (void)sys::vcpu_yield_to(at(vcpu_slot)); });
    return sys::env_end(server.env.get(), 0);
}

Result<void> offer() {
    LAMINA_TRY(const Handle gate, sys::gate_create(fixed::account, bench_gate_entry));
    LAMINA_TRY(const Handle vcpu, sys::vcpu_create(Handle::null, fixed::account, 0));
    LAMINA_CHECK(sys::gate_attach(gate, vcpu, bench_gate_entry));  // which needs no stack
    LAMINA_CHECK(sys::cap_copy(at(parent_slot), gate, Rights::call, gate_slot));
    LAMINA_CHECK(sys::cap_copy(at(parent_slot), at(lamina::slots::vcpu), Rights::call, vcpu_slot));
    return sys::notification_signal(at(bell_slot), 1);
}

}  // namespace

int measure_transfer(std::string_view name) {
    const auto done = run(name);
    if (!done) libos::print("bench: ", lamina::status_name(done.error()), "\n");
    return done ? 0 : 1;
}

int serve_transfer() {
    if (!offer()) return 1;
    for (;;)
        (void)sys::vcpu_yield_to(at(parent_vcpu_slot));
}

}  // namespace bench
