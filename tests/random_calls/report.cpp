// tests/random_calls/report.cpp - the outcomes of random calls as a table, and what is wrong with
// them.
#include "tests/random_calls/report.hpp"

#include "libos/console/console.hpp"
#include "libos/info/info.hpp"
#include "libos/test/unity.hpp"

namespace random_calls {
namespace {

using libos::Padded;
using libos::print;

void print_row(std::string_view name, const std::uint64_t (&of)[status_count]) {
    std::uint64_t made = 0;
    for (const std::uint64_t count : of)
        made += count;
    print(Padded{name, 20}, Padded{made, 9}, Padded{of[0], 9});
    for (std::size_t status = 1; status < status_count; ++status)
        if (of[status] != 0) print("  ", lamina::status_name(Status(status)), " ", of[status]);
    print("\n");
}

void complain(const calls::CallRow& row, Status status, std::uint64_t seen, std::string_view what) {
    libos::TextBuffer<300> why;
    put(why, row.name, ", ", lamina::status_name(status), ": ", seen, " times, ", what);
    print(why.view(), "\n");
    libos::unity::fail(__FILE__, __LINE__, why.view());
}

void check_surprises(const Tally& tally) {
    if (tally.surprises == 0) return;
    const Surprise& first = tally.first_surprise;
    libos::TextBuffer<300> why;
    put(why, tally.surprises, " outcomes not declared; the first of call ", first.number, "(");
    for (const std::uint64_t word : first.words)
        put(why, " ", libos::Hex{word});
    put(why, " ): ", lamina::status_name(Status(first.status)), ", ", libos::Hex{first.value});
    libos::unity::fail(__FILE__, __LINE__, why.view());
}

}  // namespace

void print_table(const Tally& tally) {
    print(Padded{std::string_view("CALL"), 20}, "    CALLS       OK  FAILURES\n");
    for (const calls::CallRow& row : calls::call_rows)
        print_row(row.name, tally.of[std::size_t(row.number)]);
    print_row("(no call)", tally.of[lamina::call_count]);
}

void check_outcomes(const Tally& tally, std::uint64_t least) {
    check_surprises(tally);
    lamina::InfoPage info = {};
    const bool alone = libos::read_info(info) && info.cpu_count_used == 1;
    for (const calls::CallRow& row : calls::call_rows) {
        for (std::size_t number = 0; number < status_count; ++number) {
            const auto status = Status(number);
            const std::uint64_t seen = tally.of[std::size_t(row.number)][number];
            if (!may_return(row, status)) continue;
            if (alone && std::ranges::count(between_cpus, Outcome{row.number, status}) != 0)
                continue;
            const bool reachable = why_unreachable(row.number, status).empty();
            if (reachable && seen < least) complain(row, status, seen, "too few");
            if (!reachable && seen != 0) complain(row, status, seen, "and cannot be");
        }
    }
}

}  // namespace random_calls
