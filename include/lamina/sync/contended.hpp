// include/lamina/sync/contended.hpp - TopContended: the locks that were waited for most.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/sync/statistics.hpp"
#include "lamina/sync/text_out.hpp"

namespace lamina::sync {

/// The `rows_max` most contended of the locks it is shown, the most contended first. Of locks
/// with as many waits, the one waited for longer comes first; one without a wait is not kept.
template <unsigned rows_max = 10>
class TopContended {
public:
    struct Row {
        const char* name = "";
        LockStatistics counted;
    };

    void add(const char* name, const LockStatistics& counted) {
        if (counted.contended == 0) return;
        unsigned at = count_;
        while (at > 0 && is_before(counted, rows_[at - 1].counted))
            --at;
        if (at == rows_max) return;
        if (count_ < rows_max) ++count_;
        for (unsigned i = count_ - 1; i > at; --i)
            rows_[i] = rows_[i - 1];
        rows_[at] = {name, counted};
    }
    /// A ValidatedLock whose raw lock counts.
    template <typename Lock>
    void add(const Lock& lock) {
        add(Lock::ClassType::name, lock.raw().statistics().read());
    }

    std::span<const Row> rows() const { return {rows_.data(), count_}; }

    /// A table, a line a row, with a head; times in microseconds.
    template <typename Sink>
    void write(Sink&& sink) const {
        TextOut out(sink);
        write_cell(out, "lock", name_width, false);
        for (const Column& column : columns)
            write_cell(out, column.head, number_width, true);
        out << "\n";
        for (const Row& row : rows()) {
            write_cell(out, row.name, name_width, false);
            for (const Column& column : columns)
                write_number(out, column.value(row.counted));
            out << "\n";
        }
    }

private:
    static constexpr unsigned name_width = 16, number_width = 11;

    struct Column {
        std::string_view head;
        std::uint64_t (*value)(const LockStatistics&);
    };
    static constexpr std::array columns{
        Column{"taken", [](const LockStatistics& c) { return c.fast + c.slow; }},
        Column{"contended", [](const LockStatistics& c) { return c.contended; }},
        Column{"waited us", [](const LockStatistics& c) { return c.spin_ns / 1000; }},
        Column{"at most us", [](const LockStatistics& c) { return c.spin_ns_max / 1000; }},
        Column{"held us", [](const LockStatistics& c) { return c.hold_ns / 1000; }},
        Column{"at most us", [](const LockStatistics& c) { return c.hold_ns_max / 1000; }},
        Column{"local", [](const LockStatistics& c) { return c.handoffs_local; }},
        Column{"remote", [](const LockStatistics& c) { return c.handoffs_remote; }},
        Column{"deepest", [](const LockStatistics& c) { return c.queue_depth_max; }},
        Column{"blocked", [](const LockStatistics& c) { return c.blocked; }},
        Column{"inherited", [](const LockStatistics& c) { return c.inherited; }},
    };

    template <typename Out>
    static void write_cell(Out& out, std::string_view text, unsigned width, bool to_the_right) {
        if (!to_the_right) out << text;
        for (std::size_t i = text.size(); i < width; ++i)
            out << " ";
        if (to_the_right) out << text;
    }
    template <typename Out>
    static void write_number(Out& out, std::uint64_t number) {
        std::array<char, 20> digits;
        char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        write_cell(out, {digits.data(), std::size_t(end - digits.data())}, number_width, true);
    }
    static bool is_before(const LockStatistics& a, const LockStatistics& b) {
        return a.contended != b.contended ? a.contended > b.contended : a.spin_ns > b.spin_ns;
    }

    std::array<Row, rows_max> rows_{};
    unsigned count_ = 0;
};

}  // namespace lamina::sync
