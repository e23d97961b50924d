// tests/guest/call_world.cpp - objects and memory to make system calls with, and what must not
// change.
#include "tests/guest/call_world.hpp"

#include <cstring>

#include "lamina/crc32.hpp"
#include "lamina/predicate.hpp"
#include "tests/guest/support.hpp"

namespace guest {

using lamina::Handle;
using lamina::Protection;
using lamina::Result;
using lamina::Rights;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

namespace {

constexpr auto vcpu = lamina::make_handle(lamina::slots::vcpu, 0);
constexpr char env_name[] = "test";
// Of the account that the environment pays from.
constexpr std::uint64_t quota_frames = 64;

std::byte* memory() { return reinterpret_cast<std::byte*>(memory_address); }

// An environment that was ended before it ran.
Result<libos::OwnedHandle> make_ended() {
    LAMINA_TRY(auto env, libos::own(sys::env_create(fixed::account, env_name, 4, ends(), 1, 0)));
    LAMINA_CHECK(sys::env_end(env.get(), 0));
    lamina::EnvReport report;
    while (!sys::env_report(env.get(), &report))
        LAMINA_CHECK(sys::notification_wait(ends(), 1, lamina::wait_forever));
    return env;
}

// The number of a frame that nobody asks for by chance: single ones come from elsewhere.
Result<std::uint64_t> find_free_frame() {
    LAMINA_TRY(const auto run, libos::own(sys::frames_alloc(fixed::account, 64)));
    lamina::CapInfo info;
    LAMINA_CHECK(sys::cap_inspect(run.get(), &info));
    return info.first_frame + 32;
}

constexpr std::uint64_t list_offset = 2048;
constexpr std::uint64_t predicate_offset = 2560;
constexpr lamina::Predicate holds = {0, 1, {{lamina::PredicateOp::constant, 0}}, {1}, {}};

}  // namespace

Result<CallWorld> CallWorld::create() {
    CallWorld world;
    LAMINA_TRY(world.account_, libos::own(sys::account_create(fixed::account, quota_frames)));
    const Handle account = world.account_.get();
    LAMINA_TRY(world.env_, libos::own(sys::env_create(account, env_name, 4, ends(), 1, 0)));
    LAMINA_TRY(world.ended_env_, make_ended());
    lamina::CapInfo env = {};
    LAMINA_CHECK(sys::cap_inspect(world.env_.get(), &env));
    world.env_id_ = env.id;
    LAMINA_TRY(world.frames_, libos::own(sys::frames_alloc(fixed::account, run_pages)));
    LAMINA_TRY(world.notification_, libos::own(sys::notification_create(fixed::account)));
    LAMINA_TRY(world.gate_, libos::own(sys::gate_create(fixed::account, 0x40'0000)));
    LAMINA_TRY(auto page, libos::own(sys::frames_alloc(fixed::account, 2)));
    LAMINA_TRY(world.read_only_, libos::Mapping::create(page.get(), 0, 1, Protection::read));
    LAMINA_CHECK(sys::frames_map(fixed::self, page.get(), 1, 1, memory_address,
                                 Protection::read | Protection::write));
    std::memcpy(memory(), env_name, sizeof env_name);
    // What console_write writes in the end: a line of its own.
    std::memset(memory() + 512, '\n', 4);
    std::memcpy(memory() + predicate_offset, &holds, sizeof holds);
    std::memcpy(memory() + list_offset, &free_address, sizeof free_address);
    LAMINA_TRY(world.first_, libos::own(sys::frames_alloc(fixed::account, 2)));
    LAMINA_TRY(world.next_, libos::own(sys::frames_split(world.first_.get(), 1)));
    LAMINA_TRY(world.slice_,
               libos::own(sys::slice_create(fixed::account, 0, lamina::slice_ns_min)));
    LAMINA_TRY(world.free_frame_, find_free_frame());
    return world;
}

CallWorld::~CallWorld() {
    // Moved from, or not made in full.
    if (read_only_.pages() == 0) return;
    (void)sys::frames_unmap(fixed::self, memory_address, 1);
    (void)sys::env_end(env_.get(), 0);
    lamina::EnvReport report;
    while (!sys::env_report(env_.get(), &report))
        (void)sys::notification_wait(ends(), 1, lamina::wait_forever);
}

Handle CallWorld::handle(const CallRow& row, std::string_view name) const {
    if (name == "env")
        return row.number == lamina::Call::env_report ? ended_env_.get() : env_.get();
    if (name == "next") return next_.get();
    if (name == "frames" && row.number == lamina::Call::frames_merge) return first_.get();
    if (name == "source" || name == "frames") return frames_.get();
    if (name == "notification") return notification_.get();
    if (name == "account") {
        const bool asked = row.number == lamina::Call::account_reclaim ||
                           row.number == lamina::Call::account_repossess ||
                           row.number == lamina::Call::account_end ||
                           row.number == lamina::Call::account_time;
        return asked ? account_.get() : fixed::account;
    }
    if (name == "gate") return gate_.get();
    if (name == "console") return fixed::console;
    if (name == "slice" || name == "object") return slice_.get();
    if (name == "machine") return fixed::machine;
    return name == "vcpu" ? vcpu : Handle::null;
}

std::optional<std::uint64_t> CallWorld::good(const CallRow& row, const Argument& argument) const {
    struct Named {
        std::string_view name;
        std::uint64_t value;
    };
    const auto memory = memory_address;
    // `data` lies away from what `name` and `area` point to.
    const Named words[] = {
        {"first", 0},
        {"count", 1},
        {"slot", 0},
        {"limit_frames", 1},
        {"name_bytes", 4},
        {"bits", 2},
        {"status", 0},
        {"argument", 0},
        {"mask", 4},
        {"bytes", 4},
        {"deadline_ns", lamina::no_wait},
        {"action", 0},
        {"low_frames", 1},
        {"high_frames", 1},
        {"cpu", 0},
        {"length_ns", lamina::slice_ns_min},
        {"slices", 4},
        {"time_ns", lamina::no_bound},
        {"level", 4},
        {"id", env_id_},
        {"none", 0},
        {"none_too", 0},
        {"w0", 0},
        {"w1", 0},
        {"w2", 0},
        {"w3", 0},
        {"name", memory},
        {"data", memory + 512},
        {"address", free_address},
        {"entry", 0x40'0000},
        {"stack", 0x40'0000},
        {"area", memory + 1024},
        {"entries", memory + 3072},
        {"context", memory + 3072},
        {"list", memory + list_offset},
        {"predicate", memory + predicate_offset},
    };
    if (row.number == lamina::Call::table_read && argument.name == "address") return memory;
    if (row.number == lamina::Call::frames_alloc_at && argument.name == "first") return free_frame_;
    if (argument.is_handle()) {
        const auto found = handle(row, argument.name);
        if (found == Handle::null) return {};
        return std::uint64_t(found);
    }
    if (argument.kind == "rights") return std::uint64_t(Rights::read);
    if (argument.kind == "protection") return std::uint64_t(Protection::read);
    if (argument.kind == "out_page_table") return memory;
    if (argument.kind.starts_with("out_")) return memory + 512;
    for (const auto& word : words) {
        if (word.name == argument.name) return word.value;
    }
    return {};
}

bool CallWorld::Snapshot::operator==(const Snapshot& other) const {
    return std::memcmp(caps.data(), other.caps.data(), sizeof caps) == 0 && bits == other.bits &&
           frames_free == other.frames_free && memory_crc32 == other.memory_crc32;
}

CallWorld::Snapshot CallWorld::snapshot() const {
    Snapshot now = {};
    const Handle handles[] = {fixed::account, account_.get(),      fixed::self,
                              env_.get(),     ended_env_.get(),    frames_.get(),
                              fixed::console, notification_.get(), fixed::machine};
    for (std::size_t i = 0; i < now.caps.size(); ++i)
        (void)sys::cap_inspect(handles[i], &now.caps[i]);
    now.bits =
        sys::notification_wait(notification_.get(), ~std::uint64_t{0}, lamina::no_wait).value_or(0);
    now.frames_free = guest::frames_free();
    now.memory_crc32 = lamina::crc32({memory(), lamina::page_size});
    return now;
}

}  // namespace guest
