// include/lamina/sync/report_text.hpp - write_report: a Report as lines of text.
#pragma once

#include <algorithm>

#include "lamina/sync/full_report.hpp"
#include "lamina/sync/text_out.hpp"

namespace lamina::sync {

/// Writes the report in lines into `sink`, which takes std::string_view:
///
///     lock order: locks taken in a circle
///       wants journal at bank.cpp:31
///       holds accounts since bank.cpp:30
///       before, journal was held at bank.cpp:20 and accounts was taken at bank.cpp:21
///       all that is held, oldest first: accounts (bank.cpp:30)
template <typename Sink>
void write_report(Sink&& sink, const Report& report) {
    TextOut out(sink);
    out << "lock order: " << sentence_of(report.what) << "\n";
    const bool releases =
        report.what == Violation::stranger_release || report.what == Violation::release_order;
    if (report.wanted != nullptr)
        out << (releases ? "  gives back " : "  wants ") << report.wanted->name << " at "
            << report.site << "\n";
    else
        out << "  at " << report.site << "\n";
    if (report.what == Violation::stranger_release) {
        out << "  last taken at " << report.held_site << "\n";
    } else if (report.held != nullptr) {
        out << "  holds " << report.held->name << " since " << report.held_site << "\n";
    }
    const unsigned shown = std::min(report.link_count, links_max);
    for (unsigned i = 0; i < shown; ++i) {
        const ChainLink& link = report.links[i];
        if (link.is_interrupt)
            out << "  an interrupt while " << link.outer->name << " is held (as at " << link.held
                << ") may want " << link.inner->name << " (as at " << link.taken << ")\n";
        else
            out << "  before, " << link.outer->name << " was held at " << link.held << " and "
                << link.inner->name << " was taken at " << link.taken << "\n";
    }
    if (report.link_count > shown)
        out << "  and " << std::uint64_t{report.link_count - shown} << " more steps\n";
    if (report.lock_count == 0) return;
    out << "  all that is held, oldest first:";
    for (unsigned i = 0; i < report.lock_count; ++i)
        out << (i == 0 ? " " : ", ") << report.locks[i].lock_class->name << " ("
            << report.locks[i].site << ")";
    out << "\n";
}

}  // namespace lamina::sync
