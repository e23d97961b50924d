// apps/shell/commands.hpp - the table of the shell's commands.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "apps/shell/command_line.hpp"

namespace shell {

class Shell;

inline constexpr std::uint32_t status_usage = 2;
inline constexpr std::uint32_t status_cannot_run = 126;
inline constexpr std::uint32_t status_not_found = 127;

using CommandFunction = std::uint32_t(Shell&, const Command&);

struct CommandEntry {
    std::string_view name;
    std::string_view arguments;  ///< For its usage line.
    std::string_view does;
    CommandFunction* function;  ///< Returns the status.
    bool background = false;    ///< Whether it takes `&`.
};

std::span<const CommandEntry> all_commands();

/// Null if there is none of this name.
const CommandEntry* find_command(std::string_view name);

/// Writes the command's usage line and returns status_usage.
std::uint32_t usage(const Command& command);

// commands_system.cpp: what the machine and the kernel tell.
CommandFunction command_memstats;
CommandFunction command_poweroff;
CommandFunction command_ps;
CommandFunction command_reboot;
CommandFunction command_uptime;
CommandFunction command_version;

// commands_time.cpp: CPU time.
CommandFunction command_slices;
CommandFunction command_stats;

// commands_apps.cpp: apps.
CommandFunction command_kill;
CommandFunction command_run;

// commands.cpp: the shell itself.
CommandFunction command_echo;
CommandFunction command_exit;
CommandFunction command_help;
CommandFunction command_history;

}  // namespace shell
