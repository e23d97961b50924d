// apps/shell/commands_apps.cpp - commands that start and end apps.
#include "apps/shell/commands.hpp"
#include "apps/shell/shell.hpp"
#include "libos/console/console.hpp"

namespace shell {

namespace {

using lamina::Status;
using libos::print;

std::string_view text_of(const lamina::ArchiveEntry& entry) { return entry.name; }

std::uint32_t no_such_app(const lamina::Archive& archive, std::string_view app) {
    print("run: no app ", app, "; there are:");
    for (std::uint32_t i = 0; i < archive.size(); ++i) {
        const auto entry = archive.entry(i);
        if (entry.kind == lamina::ArchiveKind::app) print(" ", text_of(entry));
    }
    print("\n");
    return status_not_found;
}

}  // namespace

std::uint32_t command_run(Shell& shell, const Command& command) {
    const auto words = command.words();
    if (words.size() < 2) return usage(command);
    if (shell.archive() == nullptr) {
        print("run: there is no boot archive\n");
        return status_cannot_run;
    }
    const auto app = words[1];
    const auto started = shell.jobs().start(*shell.archive(), app, words.subspan(2));
    if (!started) {
        if (started.error() == Status::archive_no_entry) return no_such_app(*shell.archive(), app);
        print("run: ", app, ": ", lamina::status_name(started.error()), " (",
              lamina::status_cause(started.error()), ")\n");
        return status_cannot_run;
    }
    Job& job = **started;
    if (!command.background()) return shell.wait_foreground(job);
    shell.put_in_background(job);
    print("[env ", job.id(), "] ", app, "\n");
    return 0;
}

std::uint32_t command_kill(Shell& shell, const Command& command) {
    const auto words = command.words();
    if (words.size() != 2) return usage(command);
    const auto id = libos::parse_number(words[1]);
    if (!id) return usage(command);
    Job* job = shell.jobs().find(*id);
    if (job == nullptr) {
        print("kill: env ", *id, " is none that this shell has started\n");
        return 1;
    }
    Jobs::end(*job, lamina::status_killed);
    shell.wait_killed(*job);
    return 0;
}

}  // namespace shell
