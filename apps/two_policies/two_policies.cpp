// apps/two_policies/two_policies.cpp - runs one program with two sets of policies side by side.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/report.hpp"
#include "libos/archive/boot_archive.hpp"
#include "libos/console/console.hpp"
#include "libos/loader/loader.hpp"
#include "libos/rt/app.hpp"

namespace {

using lamina::Rights;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::array<std::string_view, 2> programs = {"policy_bump_eager", "policy_first_fit_lazy"};
constexpr std::uint64_t quota_frames = 1400;

constexpr libos::Grant grants[] = {
    {lamina::slots::console, fixed::console, Rights::write},
    {lamina::slots::info, fixed::info, Rights::read},
};

lamina::Result<libos::Child> start(const lamina::Archive& archive, std::uint64_t index,
                                   lamina::Handle ends) {
    libos::SpawnRequest request;
    LAMINA_TRY(request.elf, archive.find(programs[index], lamina::ArchiveKind::app));
    request.name = programs[index];
    request.quota_frames = quota_frames;
    request.grants = grants;
    request.notification = ends;
    request.end_bits = std::uint64_t{1} << index;
    return libos::spawn(request);
}

// Starts both, then waits for both; how many did not end well.
lamina::Result<int> run_both() {
    LAMINA_TRY(const auto archive, libos::BootArchive::open());
    LAMINA_TRY(const auto ends, libos::own(sys::notification_create(fixed::account)));
    std::array<libos::Child, programs.size()> children;
    for (std::uint64_t i = 0; i < children.size(); ++i) {
        LAMINA_TRY(children[i], start(archive.view(), i, ends.get()));
    }
    int failed = 0;
    for (std::uint64_t i = 0; i < children.size(); ++i) {
        LAMINA_CHECK(
            sys::notification_wait(ends.get(), std::uint64_t{1} << i, lamina::wait_forever));
        lamina::EnvReport report = {};
        LAMINA_CHECK(sys::env_report(children[i].env.get(), &report));
        failed += report.cause == lamina::EndCause::exited && report.status == 0 ? 0 : 1;
    }
    return failed;
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    const auto failed = run_both();
    if (failed) return *failed;
    libos::print("two_policies: ", lamina::status_name(failed.error()), "\n");
    return 2;
}
