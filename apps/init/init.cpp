// apps/init/init.cpp - the first app: holds every capability at boot, starts the rest, waits.
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "lamina/report.hpp"
#include "libos/archive/boot_archive.hpp"
#include "libos/clock/clock.hpp"
#include "libos/console/console.hpp"
#include "libos/info/info.hpp"
#include "libos/loader/loader.hpp"
#include "libos/manifest/manifest.hpp"
#include "libos/report/report.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/layout.hpp"

namespace {

using lamina::Result;
using lamina::Rights;
using lamina::Status;
using libos::ManifestEntry;
using libos::OwnedHandle;
using libos::print;

// The machine's status when init could not do its work.
constexpr int status_init_failed = 120;

// One bit of the notification for each app.
constexpr std::size_t apps_max = 63;

// The bit for the machine's free memory.
constexpr std::uint64_t low_bit = std::uint64_t{1} << apps_max;

// How often apps with a bounded share of the time are given it.
constexpr std::uint64_t period_ns = 100'000'000;

struct App {
    libos::Child child;  // With its account if it may be ended, or is bounded.
    bool main;
    bool may_be_ended;
    std::uint64_t slices;   // How many it may have, and for how long
    std::uint64_t time_ns;  // they may run in each period; no_bound: without bound.
};

// What went wrong, with the name a program can look for and the cause in words.
void complain(std::string_view about, Status status) {
    print("init: ", about, ": ", lamina::status_name(status), " (", lamina::status_cause(status),
          ")\n");
}

void complain(const libos::ManifestError& error) {
    print("init: manifest line ", error.line, ": ", lamina::status_name(Status::manifest_bad_line),
          ": ", libos::manifest_mistake_cause(error.mistake));
    if (!error.word.empty()) print(": ", error.word);
    print("\n");
}

bool lives(std::uint64_t id) {
    lamina::EnvInfo env = {};
    for (std::uint32_t i = 0; i < lamina::env_count_max; ++i)
        if (libos::read_env_info(i, env) && env.id == id) return true;
    return false;
}

class Init {
public:
    explicit Init(const lamina::Archive& archive, lamina::Handle notification)
        : archive_(archive), notification_(notification) {}

    void start_all(std::string_view manifest);

    // Has the kernel tell when few page frames are left, if there is somebody to be ended then.
    void watch_memory();

    // Waits until the main app has ended, and returns its status.
    int wait();

private:
    Result<void> start(const ManifestEntry& entry);
    Result<std::uint64_t> quota_frames(const ManifestEntry& entry) const;
    // When memory is low.
    bool end(const lamina::EnvInfo& env);
    void end_worst();
    // Bounds an app's slices, and gives it its time of a period.
    void bound(const App& app);
    // The same for all, once a period if there is one with such a bound.
    void give_time();
    // The app's report, once it has ended.
    std::uint32_t take_report(App& app);

    const lamina::Archive& archive_;
    lamina::Handle notification_;
    std::array<App, apps_max> apps_;
    std::size_t count_ = 0;
    bool has_main_ = false;
    bool may_end_ = false;
    std::uint64_t period_end_ns_ = lamina::wait_forever;
    std::uint64_t victim_ = 0;  // Who is being ended; 0: nobody.
};

void Init::start_all(std::string_view manifest) {
    libos::ManifestReader reader(manifest);
    while (const auto entry = reader.next()) {
        if (!*entry) {
            complain(entry->error());
            continue;
        }
        const auto started = start(**entry);
        if (!started) complain((*entry)->app, started.error());
    }
}

Result<std::uint64_t> Init::quota_frames(const ManifestEntry& entry) const {
    if (entry.quota_frames != 0) return entry.quota_frames;
    lamina::CapInfo account = {};
    LAMINA_CHECK(libos::sys::cap_inspect(libos::fixed::account, &account));
    return (account.count - account.used) * entry.quota_percent / 100;
}

Result<void> Init::start(const ManifestEntry& entry) {
    if (count_ == apps_max) return lamina::fail(Status::limit_reached);
    LAMINA_TRY(const auto elf, archive_.find(entry.app, lamina::ArchiveKind::app));
    // Who can start others passes on what it has.
    const auto pass_on = entry.archive ? Rights::copy : Rights::none;
    std::array<libos::Grant, 5> grants;
    std::size_t grant_count = 0;
    if (entry.console != Rights::none)
        grants[grant_count++] = {lamina::slots::console, libos::fixed::console,
                                 entry.console | pass_on};
    if (entry.archive)
        grants[grant_count++] = {lamina::slots::archive, libos::fixed::archive,
                                 Rights::read | pass_on};
    if (entry.info) {
        grants[grant_count++] = {lamina::slots::info, libos::fixed::info, Rights::read | pass_on};
        grants[grant_count++] = {lamina::slots::frame_states, libos::fixed::frame_states,
                                 Rights::read | pass_on};
    }
    if (entry.power)
        grants[grant_count++] = {lamina::slots::machine, libos::fixed::machine,
                                 Rights::power | Rights::read | pass_on};
    libos::SpawnRequest request;
    request.name = entry.app;
    request.elf = elf;
    if (const auto libos = archive_.find(libos::layout::libos_image_name, lamina::ArchiveKind::app))
        request.libos = *libos;
    request.arguments = entry.arguments();
    LAMINA_TRY(request.quota_frames, quota_frames(entry));
    request.grants = {grants.data(), grant_count};
    request.notification = notification_;
    request.end_bits = std::uint64_t{1} << count_;
    request.keep_account = entry.may_be_ended || entry.slices != 0 || entry.time_percent != 0;
    LAMINA_TRY(auto child, libos::spawn(request));
    App& app = apps_[count_++];
    app = {std::move(child), entry.main, entry.may_be_ended,
           entry.slices != 0 ? entry.slices : lamina::no_bound,
           entry.time_percent != 0 ? period_ns * entry.time_percent / 100 : lamina::no_bound};
    bound(app);
    if (entry.time_percent != 0) period_end_ns_ = libos::now_ns().value_or(0) + period_ns;
    has_main_ = has_main_ || entry.main;
    may_end_ = may_end_ || entry.may_be_ended;
    return {};
}

void Init::bound(const App& app) {
    if (app.slices == lamina::no_bound && app.time_ns == lamina::no_bound) return;
    const auto bounded = libos::sys::account_time(app.child.account.get(), app.slices, app.time_ns,
                                                  lamina::Handle::null, 0);
    if (!bounded) complain("bounding an app's time", bounded.error());
}

void Init::give_time() {
    const auto now = libos::now_ns().value_or(0);
    if (now < period_end_ns_) return;
    period_end_ns_ = now + period_ns;
    for (const App& app : std::span(apps_).first(count_))
        if (app.child.account.get() != lamina::Handle::null && app.time_ns != lamina::no_bound)
            bound(app);
}

std::uint32_t Init::take_report(App& app) {
    lamina::EnvReport report = {};
    const auto taken = libos::sys::env_report(app.child.env.get(), &report);
    app.child = {};
    if (!taken) {
        complain("report of an app that ended", taken.error());
        return status_init_failed;
    }
    if (report.cause != lamina::EndCause::exited) {
        libos::describe_end(libos::console(), report, archive_,
                            libos::SpawnRequest::default_stack_pages);
        print("\n");
    }
    return libos::end_status(report);
}

void Init::watch_memory() {
    lamina::InfoPage info = {};
    // The kernel writes its figures when a slice ends.
    (void)libos::sys::vcpu_yield();
    if (!may_end_ || !libos::read_info(info)) return;
    const auto low = info.frames_total / 32;
    const auto watched =
        libos::sys::frames_watch(libos::fixed::machine, low, 2 * low, notification_, low_bit);
    if (!watched) complain("watching the memory", watched.error());
}

// Whether it is one that may be ended: charged to the account of an app of which that was said. The
// main app itself is none, whatever was said.
bool Init::end(const lamina::EnvInfo& env) {
    for (const App& app : std::span(apps_).first(count_)) {
        if (!app.may_be_ended || app.child.account.get() == lamina::Handle::null) continue;
        if (app.main && app.child.id == env.id) continue;
        if (libos::sys::account_end(app.child.account.get(), env.id, lamina::status_killed))
            return true;
    }
    return false;
}

void Init::end_worst() {
    static std::array<lamina::EnvInfo, lamina::env_count_max> envs;
    for (std::uint32_t i = 0; i < envs.size(); ++i)
        if (!libos::read_env_info(i, envs[i])) return;
    std::ranges::sort(envs, std::greater(), &lamina::EnvInfo::frames_used);
    for (const lamina::EnvInfo& env : envs) {
        if (env.id == 0 || !end(env)) continue;
        victim_ = env.id;
        print("init: memory is low: ended env ", env.id, " ", libos::text_of(env.name),
              ", which had ", std::uint64_t{env.frames_used}, " page frames\n");
        libos::console().flush();
        return;
    }
}

int Init::wait() {
    if (!has_main_) {
        print("init: no main app was started\n");
        return status_init_failed;
    }
    for (;;) {
        // What a victim had comes back in its own time. If it was not enough the watch, set anew,
        // tells so at once.
        constexpr std::uint64_t look_again_ns = 10'000'000;
        const auto deadline =
            std::min(period_end_ns_, victim_ == 0 ? lamina::wait_forever
                                                  : libos::now_ns().value_or(0) + look_again_ns);
        const auto ended =
            libos::sys::notification_wait(notification_, ~std::uint64_t{0}, deadline);
        if (victim_ != 0 && !lives(victim_)) {
            victim_ = 0;
            watch_memory();
        }
        give_time();
        if (!ended && ended.error() == Status::timed_out) continue;
        if (!ended) {
            complain("waiting for the apps", ended.error());
            return status_init_failed;
        }
        if ((*ended & low_bit) != 0 && victim_ == 0) end_worst();
        for (std::size_t i = 0; i < count_; ++i) {
            if ((*ended >> i & 1) == 0) continue;
            const auto status = take_report(apps_[i]);
            if (apps_[i].main) return int(status);
        }
    }
}

Result<int> run() {
    LAMINA_TRY(const auto archive, libos::BootArchive::open());
    LAMINA_TRY(const auto manifest, archive.view().find("manifest", lamina::ArchiveKind::data));
    LAMINA_TRY(const OwnedHandle notification,
               libos::own(libos::sys::notification_create(libos::fixed::account)));
    Init init(archive.view(), notification.get());
    init.start_all({reinterpret_cast<const char*>(manifest.data()), manifest.size()});
    init.watch_memory();
    return init.wait();
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    const auto result = run();
    int status = status_init_failed;
    if (result)
        status = *result;
    else
        complain("boot archive", result.error());
    libos::console().flush();
    const auto powered =
        libos::sys::machine_power(libos::fixed::machine, lamina::power_off, std::uint64_t(status));
    if (!powered) complain("power off", powered.error());
    return status;
}
