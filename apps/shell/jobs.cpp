// apps/shell/jobs.cpp - the environments this shell has started and not yet taken the report of.
#include "apps/shell/jobs.hpp"

#include <algorithm>

#include "libos/debug/assert.hpp"
#include "libos/info/info.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/layout.hpp"

namespace shell {

namespace {

using lamina::Result;
using lamina::Rights;
using lamina::Status;

// With the right to copy: an app may start others.
constexpr libos::Grant grants[] = {
    {lamina::slots::console, libos::fixed::console, Rights::write | Rights::copy},
    {lamina::slots::info, libos::fixed::info, Rights::read | Rights::copy},
    {lamina::slots::archive, libos::fixed::archive, Rights::read},
};

// Enough for every app of the image, and no app can take all.
Result<std::uint64_t> quota_frames() {
    constexpr std::uint64_t most = 16 * 1024 * 1024 / lamina::page_size;
    lamina::CapInfo account = {};
    LAMINA_CHECK(libos::sys::cap_inspect(libos::fixed::account, &account));
    return std::min(most, (account.count - account.used) / 2);
}

}  // namespace

Result<Job*> Jobs::start(const lamina::Archive& archive, std::string_view app,
                         std::span<const std::string_view> arguments) {
    const auto place =
        std::find_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.id() == 0; });
    if (place == jobs_.end()) return lamina::fail(Status::limit_reached);
    libos::SpawnRequest request;
    LAMINA_TRY(request.elf, archive.find(app, lamina::ArchiveKind::app));
    // Foreign programs run over the libOS that the image carries for them, if it does.
    if (const auto libos = archive.find(libos::layout::libos_image_name, lamina::ArchiveKind::app))
        request.libos = *libos;
    LAMINA_TRY(request.quota_frames, quota_frames());
    request.name = app;
    request.arguments = arguments;
    request.grants = grants;
    request.notification = notification_;
    request.end_bits = std::uint64_t{2} << (place - jobs_.begin());
    request.stack_pages = stack_pages;
    LAMINA_TRY(const auto* info, libos::info_pages());
    request.cpu = ++started_ % info->page.cpu_count_used;  // the shell itself is on the first
    LAMINA_TRY(place->child, libos::spawn(request));
    place->background = false;
    place->ended = false;
    return &*place;
}

Job* Jobs::find(std::uint64_t id) {
    for (Job& job : jobs_) {
        if (id != 0 && job.id() == id) return &job;
    }
    return nullptr;
}

Job* Jobs::find_ended_background() {
    for (Job& job : jobs_) {
        if (job.id() != 0 && job.background && job.ended) return &job;
    }
    return nullptr;
}

void Jobs::note_ended(std::uint64_t bits) {
    for (std::size_t i = 0; i < jobs_max; ++i) {
        if ((bits >> i & 2) != 0) jobs_[i].ended = true;
    }
}

void Jobs::end(Job& job, std::uint32_t status) {
    // One that has ended in the meantime is told by its bit too.
    (void)libos::sys::env_end(job.child.env.get(), status);
}

lamina::EnvReport Jobs::take_report(Job& job) {
    lamina::EnvReport report = {};
    const auto taken = libos::sys::env_report(job.child.env.get(), &report);
    LAMINA_ASSERT(taken.has_value());
    job.child = {};
    return report;
}

Job* Jobs::first() {
    for (Job& job : jobs_) {
        if (job.id() != 0) return &job;
    }
    return nullptr;
}

void Jobs::end_all() {
    for (Job& job : jobs_) {
        if (job.id() != 0) end(job, lamina::status_killed);
    }
}

}  // namespace shell
