// apps/shell/commands_system.cpp - commands about the machine and the kernel.
#include <algorithm>
#include <span>
#include <string_view>

#include "apps/shell/commands.hpp"
#include "apps/shell/frame_figures.hpp"
#include "apps/shell/shell.hpp"
#include "lamina/info.hpp"
#include "libos/clock/clock.hpp"
#include "libos/console/console.hpp"
#include "libos/info/info.hpp"
#include "libos/text/json.hpp"
#include "libos/vm/frame_states.hpp"

namespace shell {

namespace {

using libos::JsonString;
using libos::Padded;
using libos::print;
using libos::text_of;

std::uint32_t complain(const Command& command, lamina::Status status) {
    print(command.words().front(), ": ", lamina::status_name(status), " (",
          lamina::status_cause(status), ")\n");
    return 1;
}

std::string_view state_name(lamina::EnvState state) {
    switch (state) {
        case lamina::EnvState::none: return "none";
        case lamina::EnvState::created: return "created";
        case lamina::EnvState::ready: return "ready";
        case lamina::EnvState::waiting: return "waiting";
        case lamina::EnvState::ending: return "ending";
    }
    return "unknown";
}

void put_milliseconds(std::uint64_t ns) {
    constexpr std::uint64_t ns_per_ms = 1'000'000;
    const auto ms = ns / ns_per_ms;
    print(ms / 1000, ".", libos::Digits(ms % 1000, 10, 3).view());
}

// The kernel writes its figures when a slice ends: give ours up.
void bring_up_to_date() { (void)libos::sys::vcpu_yield(); }

void put_frames(std::string_view what, std::uint64_t frames) {
    print(Padded{what, 8}, Padded{frames, 10}, Padded{frames * lamina::page_size / 1024, 12}, "\n");
}

void put_frames(const FrameFigures& frames) {
    print("            frames         KiB\n");
    put_frames("total", frames.total);
    put_frames("free", frames.free);
    put_frames("kernel", frames.kernel);
    put_frames("tables", frames.tables);
    put_frames("user", frames.user);
}

// A letter for each part of the memory: of what most of its frames are.
void put_frame_map(std::span<const lamina::FrameEntry> frames) {
    constexpr std::uint64_t columns = 64, rows = 16;
    const std::uint64_t part = (frames.size() + columns * rows - 1) / (columns * rows);
    print("each letter: ", part, " page frames; - reserved, . free, k kernel, t tables, u user\n");
    for (std::uint64_t first = 0; first < frames.size(); first += part) {
        if (first / part % columns == 0) print(libos::Hex{first * lamina::page_size, 12}, "  ");
        const char letter = letter_of(frames.subspan(first, std::min(part, frames.size() - first)));
        print(std::string_view(&letter, 1));
        if (first / part % columns == columns - 1) print("\n");
    }
    print("\n");
}

lamina::Result<FrameFigures> read_figures() {
    bring_up_to_date();
    lamina::InfoPage info;
    LAMINA_CHECK(libos::read_info(info));
    return figures_of(info);
}

// Compares the kernel's figures with the frame table. Others may use frames meanwhile.
std::uint32_t check_frames(const Command& command) {
    constexpr int tries = 20;
    const auto entries = libos::frame_states();
    if (!entries) return complain(command, entries.error());
    FrameFigures frames = {}, seen = {};
    for (int i = 0; i < tries && (i == 0 || frames != seen); ++i) {
        const auto read = read_figures();
        if (!read) return complain(command, read.error());
        frames = *read;
        seen = count(*entries);
    }
    lamina::CapInfo account = {};
    const auto inspected = libos::sys::cap_inspect(libos::fixed::account, &account);
    if (!inspected) return complain(command, inspected.error());
    put_frames(frames);
    put_frames("quota", account.count);
    put_frames("charged", account.used);
    const auto broken = broken_rule(frames, seen, account);
    print("check: ", broken.empty() ? "ok" : "does not hold: ", broken, "\n");
    return broken.empty() ? 0 : 1;
}

void put_json(const lamina::InfoPage& info) {
    const auto dirty = text_of(info.build_dirty);
    print("{\"name\":\"Lamina\",\"version\":", JsonString{text_of(info.build_version)},
          ",\"commit\":", JsonString{text_of(info.build_commit)},
          ",\"branch\":", JsonString{text_of(info.build_branch)}, ",\"dirty\":",
          dirty == "yes"  ? "true"
          : dirty == "no" ? "false"
                          : "null",
          ",\"compiler\":", JsonString{text_of(info.build_compiler)},
          ",\"flags\":", JsonString{text_of(info.build_flags)},
          ",\"features\":", JsonString{text_of(info.build_features)}, ",\"abi\":", info.abi_version,
          "}\n");
}

void put_version(const lamina::InfoPage& info) {
    print("Lamina ", text_of(info.build_version), ", ABI ", info.abi_version, "\n");
    print("commit    ", text_of(info.build_commit), "\n");
    print("branch    ", text_of(info.build_branch), "\n");
    print("dirty     ", text_of(info.build_dirty), "\n");
    print("compiler  ", text_of(info.build_compiler), "\n");
    print("flags     ", text_of(info.build_flags), "\n");
    print("features  ", text_of(info.build_features), "\n");
}

std::uint32_t power(const Command& command, std::uint64_t action, std::uint64_t status) {
    libos::console().flush();
    const auto done = libos::sys::machine_power(libos::fixed::machine, action, status);
    return done ? 0 : complain(command, done.error());
}

}  // namespace

std::uint32_t command_version(Shell&, const Command& command) {
    const auto words = command.words();
    const bool json = words.size() == 2 && words[1] == "--json";
    if (words.size() != 1 && !json) return usage(command);
    lamina::InfoPage info;
    if (const auto read = libos::read_info(info); !read) return complain(command, read.error());
    if (json)
        put_json(info);
    else
        put_version(info);
    return 0;
}

std::uint32_t command_ps(Shell&, const Command& command) {
    if (command.words().size() != 1) return usage(command);
    bring_up_to_date();
    print("    ID  PARENT  CPU  STATE      FRAMES     TIME  NAME\n");
    for (std::uint32_t i = 0; i < lamina::env_count_max; ++i) {
        lamina::EnvInfo env;
        if (const auto read = libos::read_env_info(i, env); !read)
            return complain(command, read.error());
        if (env.id == 0) continue;
        constexpr std::uint64_t ns_per_ms = 1'000'000;
        print(Padded{env.id, 6}, Padded{env.parent_id, 8}, Padded{std::uint64_t{env.cpu}, 5}, "  ",
              Padded{state_name(env.state), 8}, Padded{std::uint64_t{env.frames_used}, 9},
              Padded{env.run_ns / ns_per_ms, 6}, " ms  ", text_of(env.name), "\n");
    }
    return 0;
}

std::uint32_t command_memstats(Shell&, const Command& command) {
    const auto words = command.words();
    const bool check = words.size() == 2 && words[1] == "--check";
    const bool map = words.size() == 2 && words[1] == "--frames";
    if (words.size() != 1 && !check && !map) return usage(command);
    if (check) return check_frames(command);
    if (map) {
        const auto entries = libos::frame_states();
        if (!entries) return complain(command, entries.error());
        put_frame_map(*entries);
        return 0;
    }
    const auto frames = read_figures();
    if (!frames) return complain(command, frames.error());
    put_frames(*frames);
    return 0;
}

std::uint32_t command_uptime(Shell&, const Command& command) {
    if (command.words().size() != 1) return usage(command);
    const auto now = libos::now_ns();
    if (!now) return complain(command, now.error());
    print("up ");
    put_milliseconds(*now);
    print(" s\n");
    return 0;
}

std::uint32_t command_poweroff(Shell& shell, const Command& command) {
    const auto words = command.words();
    auto status = std::optional<std::uint64_t>(shell.last_status());
    if (words.size() == 2) status = libos::parse_number(words[1]);
    if (words.size() > 2 || !status || *status > 255) return usage(command);
    return power(command, lamina::power_off, *status);
}

std::uint32_t command_reboot(Shell&, const Command& command) {
    if (command.words().size() != 1) return usage(command);
    return power(command, lamina::power_reboot, 0);
}

}  // namespace shell
