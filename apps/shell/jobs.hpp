// apps/shell/jobs.hpp - the environments this shell has started and not yet taken the report of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/archive.hpp"
#include "lamina/report.hpp"
#include "libos/loader/loader.hpp"

namespace shell {

/// A child. States: free (id 0), running, ended (its report can be taken).
struct Job {
    libos::Child child;
    bool background = false;
    bool ended = false;

    std::uint64_t id() const { return child.id; }
};

/// Children by place; place n has bit n + 1 of the notification.
class Jobs {
public:
    static constexpr std::size_t jobs_max = 60;
    static constexpr std::uint64_t stack_pages = libos::SpawnRequest::default_stack_pages;

    explicit Jobs(lamina::Handle notification) : notification_(notification) {}

    /// Starts an app of the archive. It gets the console to write to and the info pages, and at
    /// most half of the frames this shell has left. Errors: archive_no_entry,
    /// archive_entry_damaged, limit_reached (too many children), those of libos::spawn.
    lamina::Result<Job*> start(const lamina::Archive& archive, std::string_view app,
                               std::span<const std::string_view> arguments);

    /// The child with this id; null if there is none.
    Job* find(std::uint64_t id);

    /// A background job that has ended; null if there is none.
    Job* find_ended_background();

    /// Marks the jobs whose bits are set as ended.
    void note_ended(std::uint64_t bits);

    /// Ends a child with this status; its end is told by its bit, as any end.
    static void end(Job& job, std::uint32_t status);

    /// Takes the report of an ended job, whose place becomes free.
    lamina::EnvReport take_report(Job& job);

    /// Any child; null if there is none.
    Job* first();

    /// Ends every child.
    void end_all();

private:
    std::uint64_t started_ = 0;
    lamina::Handle notification_;
    std::array<Job, jobs_max> jobs_;
};

}  // namespace shell
