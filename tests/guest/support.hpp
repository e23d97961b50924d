// tests/guest/support.hpp - what guest tests share: starting apps, waiting for ends, counting
// frames.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "lamina/archive.hpp"
#include "lamina/info.hpp"
#include "lamina/report.hpp"
#include "libos/loader/loader.hpp"

namespace guest {

/// The boot archive. Ends the test app if there is none.
const lamina::Archive& archive();

/// The ELF file of an app of the image.
std::span<const std::byte> elf(std::string_view app);

/// The notification that tells of every child's end, by bit 0.
lamina::Handle ends();

/// A request to start an app of the image with a quota of 2 MiB, the console to write to and the
/// info pages. Fields can be changed before spawn().
libos::SpawnRequest request(std::string_view app, std::span<const std::string_view> arguments = {});

/// Starts it with arguments.
lamina::Result<libos::Child> start(std::string_view app,
                                   std::initializer_list<std::string_view> arguments = {});

/// Waits for the end of a child and takes its report; its capability is dropped.
lamina::EnvReport wait_end(libos::Child child);

/// Starts an app, waits for its end and takes its report. A failed start fails the test case and
/// gives a report with an id of 0.
lamina::EnvReport run(std::string_view app, std::initializer_list<std::string_view> arguments = {});

/// Whether an environment waits for a notification by now.
bool waits(std::uint64_t env_id);

/// The first info page, as of now.
lamina::InfoPage info();

/// Whether the tests shall run in full size.
bool is_long();

/// Page frames nobody uses, as of now.
std::uint64_t frames_free();

/// Frames charged to the test's own account.
std::uint64_t frames_charged();

/// What everybody uses together, and what the test's own account is charged.
struct Ledger {
    std::uint64_t free;
    std::uint64_t kernel;
    std::uint64_t tables;
    std::uint64_t user;
    std::uint64_t charged;
    std::uint64_t envs;
};

/// As of now.
Ledger ledger();

/// Waits until there are so many environments again. Those that nobody has a capability for end in
/// their own time.
void await_envs(std::uint64_t count);

/// Waits for the environments, and fails the test case if what is in use is not what it was.
void expect_same(const Ledger& before);

}  // namespace guest
