// apps/bench/contend.cpp - the same locks wanted by environments on every CPU at once.
#include "apps/bench/contend.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <span>

#include "apps/bench/contend_stage.hpp"
#include "lamina/report.hpp"
#include "libos/archive/boot_archive.hpp"
#include "libos/console/console.hpp"
#include "libos/info/info.hpp"
#include "libos/loader/loader.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/mapping.hpp"

namespace bench {

namespace {

using lamina::Result;
using lamina::Rights;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t quota_frames = 256;

/// The workers that were started; all of them are ended with this.
class Workers {
public:
    ~Workers() {
        for (std::uint64_t i = 0; i < count_; ++i)
            (void)sys::env_end(children_[i].env.get(), lamina::status_killed);
    }

    /// Starts `count` of them, with the shared run. Errors: those of spawn.
    Result<void> start(std::string_view name, lamina::Handle run, std::uint64_t count) {
        LAMINA_TRY(const auto archive, libos::BootArchive::open());
        LAMINA_TRY(const auto elf, archive.view().find(name, lamina::ArchiveKind::app));
        LAMINA_TRY(ends_, libos::own(sys::notification_create(fixed::account)));
        const libos::Grant grants[] = {
            {lamina::slots::info, fixed::info, Rights::read},
            {shared_slot, run, Rights::read | Rights::write},
        };
        constexpr std::array<std::string_view, workers_max> numbers = {"0", "1", "2", "3",
                                                                       "4", "5", "6", "7"};
        for (; count_ < count; ++count_) {
            const std::string_view arguments[] = {"worker", numbers[count_]};
            libos::SpawnRequest request;
            request.name = name;
            request.elf = elf;
            request.arguments = arguments;
            request.quota_frames = quota_frames;
            request.grants = grants;
            request.notification = ends_.get();
            request.end_bits = std::uint64_t{1} << count_;
            request.cpu = count_;
            LAMINA_TRY(children_[count_], libos::spawn(request));
        }
        return {};
    }

    /// Waits until all have ended well, or one has not; whether all have.
    Result<bool> wait() {
        const std::uint64_t all = (std::uint64_t{1} << count_) - 1;
        for (std::uint64_t ended = 0; ended != all;) {
            LAMINA_TRY(const auto bits,
                       sys::notification_wait(ends_.get(), all, lamina::wait_forever));
            for (std::uint64_t i = 0; i < count_; ++i) {
                if ((bits >> i & 1) == 0) continue;
                lamina::EnvReport report = {};
                LAMINA_CHECK(sys::env_report(children_[i].env.get(), &report));
                if (report.cause == lamina::EndCause::exited && report.status == 0) continue;
                libos::print("bench: worker ", i, " ended with status ", report.status, "\n");
                return false;
            }
            ended |= bits;
        }
        return true;
    }

private:
    std::uint64_t count_ = 0;
    std::array<libos::Child, workers_max> children_;
    libos::OwnedHandle ends_;
};

/// Prints the row of a stage; whether nothing was lost or torn in it.
bool conclude(const char* name, const Stage& stage, std::span<const Share> shares) {
    Share all = shares[0];
    std::uint64_t least = all.operations;
    std::uint64_t most = least;
    for (const Share& share : shares.subspan(1)) {
        all.operations += share.operations;
        all.changes += share.changes;
        all.torn += share.torn;
        all.begun_ns = std::min(all.begun_ns, share.begun_ns);
        all.ended_ns = std::max(all.ended_ns, share.ended_ns);
        least = std::min(least, share.operations);
        most = std::max(most, share.operations);
    }
    const std::uint64_t operations = std::max<std::uint64_t>(all.operations, 1);
    const auto percent_of_equal = [&](std::uint64_t share) {
        return share * shares.size() * 100 / operations;
    };
    libos::print(name, " ", (all.ended_ns - all.begun_ns) / operations, " ",
                 percent_of_equal(least), " ", percent_of_equal(most), "\n");
    if (all.torn == 0 && all.changes == stage.counter && stage.counter == stage.copy) return true;
    libos::print("bench: ", name, " does not exclude: ", all.changes, " changes made ",
                 stage.counter, ", ", all.torn, " torn\n");
    return false;
}

Result<bool> run(std::string_view name, std::uint64_t changes, std::uint64_t meetings) {
    LAMINA_TRY(const auto* info, libos::info_pages());
    const std::uint64_t workers = std::min<std::uint64_t>(info->page.cpu_count_used, workers_max);
    LAMINA_TRY(const auto frames,
               libos::own(sys::frames_alloc(fixed::account, shared_first + shared_pages)));
    LAMINA_TRY(const auto mapping,
               libos::Mapping::create(frames.get(), shared_first, shared_pages,
                                      lamina::Protection::read | lamina::Protection::write));
    auto& shared = *new (reinterpret_cast<void*>(mapping.address())) Shared;
    shared.workers = workers;
    shared.changes = changes;
    shared.meetings = meetings;
    Workers started;
    LAMINA_CHECK(started.start(name, frames.get(), workers));
    LAMINA_TRY(const bool well, started.wait());
    if (!well) return false;
    bool right = true;
    for (std::size_t i = 0; i < shared.stages.size(); ++i) {
        const Stage& stage = shared.stages[i];
        right = conclude(Shared::names[i], stage, std::span(stage.shares).first(workers)) && right;
    }
    return right;
}

}  // namespace

int contend(std::string_view name, std::uint64_t changes, std::uint64_t meetings) {
    const auto right = run(name, changes, meetings);
    if (!right) libos::print("bench: ", lamina::status_name(right.error()), "\n");
    return right.value_or(false) ? 0 : 1;
}

}  // namespace bench
