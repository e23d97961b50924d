// apps/shell/commands.cpp - the table of the shell's commands, and those about the shell itself.
#include "apps/shell/commands.hpp"

#include "apps/shell/shell.hpp"
#include "libos/console/console.hpp"

namespace shell {

namespace {

using libos::Padded;
using libos::print;

constexpr CommandEntry table[] = {
    {"echo", "[WORD...]", "writes its words", command_echo},
    {"exit", "[STATUS]", "ends the shell and with it what it started", command_exit},
    {"help", "[COMMAND]", "lists the commands, or explains one", command_help},
    {"history", "", "lists the lines entered before", command_history},
    {"kill", "ID", "ends an environment this shell has started", command_kill},
    {"memstats", "[--check] [--frames]",
     "shows what page frames are used for, compares that with the frame table, or maps it",
     command_memstats},
    {"poweroff", "[STATUS]", "powers the machine off", command_poweroff},
    {"ps", "", "lists the environments", command_ps},
    {"reboot", "", "starts the machine anew", command_reboot},
    {"run", "APP [ARGUMENT...] [&]", "runs an app of the boot archive; & does not wait for it",
     command_run, true},
    {"slices", "[ID MS]", "lists whose turn on which CPU is how long, or sets how long one's is",
     command_slices},
    {"stats", "", "shows what CPUs and environments have done so far", command_stats},
    {"uptime", "", "shows the time since boot", command_uptime},
    {"version", "[--json]", "shows what is running and how it was built", command_version},
};

void put_usage(const CommandEntry& entry) {
    print(entry.name, entry.arguments.empty() ? "" : " ", entry.arguments);
}

}  // namespace

std::span<const CommandEntry> all_commands() { return table; }

const CommandEntry* find_command(std::string_view name) {
    for (const auto& entry : table) {
        if (entry.name == name) return &entry;
    }
    return nullptr;
}

std::uint32_t usage(const Command& command) {
    print("usage: ");
    put_usage(*find_command(command.words().front()));
    print("\n");
    return status_usage;
}

std::uint32_t command_echo(Shell&, const Command& command) {
    std::string_view blank;
    for (const auto word : command.words().subspan(1)) {
        print(blank, word);
        blank = " ";
    }
    print("\n");
    return 0;
}

std::uint32_t command_exit(Shell& shell, const Command& command) {
    const auto words = command.words();
    auto status = std::optional<std::uint64_t>(shell.last_status());
    if (words.size() == 2) status = libos::parse_number(words[1]);
    if (words.size() > 2 || !status || *status > 255) return usage(command);
    shell.leave();
    return std::uint32_t(*status);
}

std::uint32_t command_help(Shell&, const Command& command) {
    const auto words = command.words();
    if (words.size() > 2) return usage(command);
    if (words.size() == 2) {
        const CommandEntry* entry = find_command(words[1]);
        if (entry == nullptr) {
            print("help: no command ", words[1], "\n");
            return 1;
        }
        put_usage(*entry);
        print(" - ", entry->does, "\n");
        return 0;
    }
    for (const auto& entry : table)
        print(Padded{entry.name, 10}, entry.does, "\n");
    print("Commands are separated by ; or &. $? is the last status, $! the last background id.\n");
    return 0;
}

std::uint32_t command_history(Shell& shell, const Command& command) {
    if (command.words().size() != 1) return usage(command);
    const History& history = shell.history();
    for (auto age = history.size(); age-- > 0;)
        print(Padded{std::uint64_t(history.number(age)), 5}, "  ", history.line(age), "\n");
    return 0;
}

}  // namespace shell
