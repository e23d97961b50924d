// apps/shell/main.cpp - the shell on the console.
#include <span>
#include <string_view>

#include "apps/shell/shell.hpp"
#include "libos/archive/boot_archive.hpp"
#include "libos/console/console.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"

namespace {

// Whether the machine was booted to run a script; without the info pages, a person is assumed.
bool wants_script() {
    lamina::InfoPage info;
    if (!libos::read_info(info)) return false;
    return libos::has_word(libos::text_of(info.command_line), "console=script");
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    const auto notification = libos::own(libos::sys::notification_create(libos::fixed::account));
    if (!notification) {
        libos::print("shell: ", lamina::status_cause(notification.error()), "\n");
        return 1;
    }
    const auto archive = libos::BootArchive::open();
    if (!archive)
        libos::print("shell: boot archive: ", lamina::status_name(archive.error()), " (",
                     lamina::status_cause(archive.error()), ")\n");
    shell::Shell shell(notification->get(), archive ? &archive->view() : nullptr, wants_script());
    return shell.run();
}
