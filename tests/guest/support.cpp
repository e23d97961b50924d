// tests/guest/support.cpp - what guest tests share: starting apps, waiting for ends, counting
// frames.
#include "tests/guest/support.hpp"

#include <optional>

#include "libos/console/console.hpp"
#include "libos/debug/assert.hpp"
#include "libos/info/info.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/mapping.hpp"

namespace guest {

namespace {

using lamina::Rights;

constexpr libos::Grant grants[] = {
    {lamina::slots::console, libos::fixed::console, Rights::write},
    {lamina::slots::info, libos::fixed::info, Rights::read},
};

constinit std::optional<lamina::Archive> opened;
constinit lamina::Handle end_notification = lamina::Handle::null;

}  // namespace

const lamina::Archive& archive() {
    if (!opened) {
        lamina::CapInfo info = {};
        LAMINA_ASSERT(libos::sys::cap_inspect(libos::fixed::archive, &info).has_value());
        auto mapping =
            libos::Mapping::create(libos::fixed::archive, 0, info.count, lamina::Protection::read);
        LAMINA_ASSERT(mapping.has_value());
        const auto result = lamina::Archive::open(mapping->release());
        LAMINA_ASSERT(result.has_value());
        opened = *result;
    }
    return *opened;
}

std::span<const std::byte> elf(std::string_view app) {
    const auto found = archive().find(app, lamina::ArchiveKind::app);
    LAMINA_ASSERT(found.has_value());
    return *found;
}

lamina::Handle ends() {
    if (end_notification == lamina::Handle::null) {
        const auto created = libos::sys::notification_create(libos::fixed::account);
        LAMINA_ASSERT(created.has_value());
        end_notification = *created;
    }
    return end_notification;
}

libos::SpawnRequest request(std::string_view app, std::span<const std::string_view> arguments) {
    libos::SpawnRequest made;
    made.name = app;
    made.elf = elf(app);
    made.arguments = arguments;
    made.quota_frames = 512;
    made.grants = grants;
    made.notification = ends();
    made.end_bits = 1;
    return made;
}

lamina::Result<libos::Child> start(std::string_view app,
                                   std::initializer_list<std::string_view> arguments) {
    return libos::spawn(request(app, {arguments.begin(), arguments.size()}));
}

lamina::EnvReport wait_end(libos::Child child) {
    lamina::EnvReport report = {};
    for (;;) {
        const auto taken = libos::sys::env_report(child.env.get(), &report);
        if (taken) return report;
        LAMINA_ASSERT(taken.error() == lamina::Status::not_ended);
        // Every end sets the same bit: it may be another child's.
        LAMINA_ASSERT(libos::sys::notification_wait(ends(), 1, lamina::wait_forever).has_value());
    }
}

lamina::EnvReport run(std::string_view app, std::initializer_list<std::string_view> arguments) {
    auto child = start(app, arguments);
    if (!child) {
        libos::unity::fail(__FILE__, __LINE__, lamina::status_name(child.error()));
        return {};
    }
    return wait_end(std::move(*child));
}

bool waits(std::uint64_t env_id) {
    for (std::uint32_t i = 0; i < lamina::env_count_max; ++i) {
        lamina::EnvInfo info;
        if (libos::read_env_info(i, info) && info.id == env_id)
            return info.state == lamina::EnvState::waiting;
    }
    return false;
}

lamina::InfoPage info() {
    // The kernel writes its figures when a slice ends.
    (void)libos::sys::vcpu_yield();
    lamina::InfoPage now;
    LAMINA_ASSERT(libos::read_info(now).has_value());
    return now;
}

bool is_long() { return libos::has_word(libos::text_of(info().command_line), "tests=long"); }

std::uint64_t frames_free() { return info().frames_free; }

std::uint64_t frames_charged() {
    lamina::CapInfo info = {};
    LAMINA_ASSERT(libos::sys::cap_inspect(libos::fixed::account, &info).has_value());
    return info.used;
}

Ledger ledger() {
    const auto now = info();
    return {now.frames_free, now.frames_kernel, now.frames_tables,
            now.frames_user, frames_charged(),  now.env_count};
}

namespace {

void print_envs() {
    for (std::uint32_t i = 0; i < lamina::env_count_max; ++i) {
        lamina::EnvInfo info;
        if (!libos::read_env_info(i, info) || info.id == 0) continue;
        libos::print("env ", info.id, " of ", info.parent_id, " ", libos::text_of(info.name),
                     " on CPU ", info.cpu, ": state ", std::uint64_t(info.state), ", ran ",
                     info.run_ns, " ns\n");
    }
}

}  // namespace

void await_envs(std::uint64_t count) {
    constexpr std::uint64_t turns_until_told = 1'000'000;
    for (std::uint64_t turn = 0; ledger().envs > count; ++turn)
        if (turn == turns_until_told) print_envs();
}

void expect_same(const Ledger& before) {
    await_envs(before.envs);
    const Ledger now = ledger();
    TEST_ASSERT_EQUAL(before.free, now.free);
    TEST_ASSERT_EQUAL(before.kernel, now.kernel);
    TEST_ASSERT_EQUAL(before.tables, now.tables);
    TEST_ASSERT_EQUAL(before.user, now.user);
    TEST_ASSERT_EQUAL(before.charged, now.charged);
    TEST_ASSERT_EQUAL(before.envs, now.envs);
}

}  // namespace guest
