// apps/init/init.cpp - the first app: holds every capability at boot, starts the rest, waits.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/report.hpp"
#include "libos/archive/boot_archive.hpp"
#include "libos/console/console.hpp"
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

struct App {
    libos::Child child;
    bool main;
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

class Init {
public:
    explicit Init(const lamina::Archive& archive, lamina::Handle notification)
        : archive_(archive), notification_(notification) {}

    void start_all(std::string_view manifest);

    // Waits until the main app has ended, and returns its status.
    int wait();

private:
    Result<void> start(const ManifestEntry& entry);
    Result<std::uint64_t> quota_frames(const ManifestEntry& entry) const;
    // The app's report, once it has ended.
    std::uint32_t take_report(App& app);

    const lamina::Archive& archive_;
    lamina::Handle notification_;
    std::array<App, apps_max> apps_;
    std::size_t count_ = 0;
    bool has_main_ = false;
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
    LAMINA_TRY(auto child, libos::spawn(request));
    apps_[count_++] = {std::move(child), entry.main};
    has_main_ = has_main_ || entry.main;
    return {};
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

int Init::wait() {
    if (!has_main_) {
        print("init: no main app was started\n");
        return status_init_failed;
    }
    for (;;) {
        const auto ended =
            libos::sys::notification_wait(notification_, ~std::uint64_t{0}, lamina::wait_forever);
        if (!ended) {
            complain("waiting for the apps", ended.error());
            return status_init_failed;
        }
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
