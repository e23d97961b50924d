// apps/shell/shell.hpp - Shell: reads lines, runs their commands, watches children and input.
#pragma once

#include <cstdint>
#include <string_view>

#include "apps/shell/byte_queue.hpp"
#include "apps/shell/command_line.hpp"
#include "apps/shell/history.hpp"
#include "apps/shell/jobs.hpp"
#include "lamina/archive.hpp"
#include "lamina/report.hpp"
#include "libos/sys/handles.hpp"

namespace shell {

class Shell {
public:
    /// `notification` tells of input and of children that ended. Without an archive nothing can
    /// be run. A script is read without prompt, echo and editing.
    Shell(lamina::Handle notification, const lamina::Archive* archive, bool script)
        : notification_(notification), archive_(archive), script_(script), jobs_(notification) {}

    /// Reads and runs commands until the input ends; the status of the last.
    int run();

    // For the commands.

    const lamina::Archive* archive() const { return archive_; }
    const History& history() const { return history_; }
    Jobs& jobs() { return jobs_; }
    std::uint32_t last_status() const { return variables_.status; }

    /// Waits until the child has ended, tells how unless it exited by itself, and returns its
    /// status. Interactive: Ctrl-C ends it.
    std::uint32_t wait_foreground(Job& job);

    /// Waits until the child has ended and tells how.
    void wait_killed(Job& job);

    /// Notes a child that goes on by itself.
    void put_in_background(Job& job);

    /// Ends the shell with this status after the current command.
    void leave() { leaving_ = true; }

    static constexpr std::uint32_t status_interrupted = 130;

private:
    void run_interactive();
    void run_script();
    void execute(std::string_view line);
    std::uint32_t dispatch(const Command& command);
    void report_background();
    void end_children();

    /// Waits until something has happened: input is in the queue, ended jobs are marked.
    void wait();
    void take_input();
    char next_byte();
    void tell_end(const lamina::EnvReport& report);

    lamina::Handle notification_;
    const lamina::Archive* archive_;
    bool script_;
    bool leaving_ = false;
    bool interrupted_ = false;
    Variables variables_;
    ByteQueue input_;
    History history_;
    Jobs jobs_;
    Command command_;
};

}  // namespace shell
