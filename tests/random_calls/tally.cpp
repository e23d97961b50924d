// tests/random_calls/tally.cpp - counting outcomes, and comparing each with what is declared.
#include "tests/random_calls/tally.hpp"

#include <algorithm>

namespace random_calls {
namespace {

/// A bit for each status that a call may return, by number.
constexpr auto declared = [] {
    std::array<std::uint64_t, row_count> all = {};
    for (const calls::CallRow& row : calls::call_rows)
        all[std::size_t(row.number)] = calls::declared_errors(row) | 1;
    all[lamina::call_count] = 1ULL << std::uint64_t(Status::bad_call);
    return all;
}();

/// A failed call tells nothing, but which address is not mapped.
bool value_is_right(std::uint64_t status, std::uint64_t value) {
    return Status(status) == Status::ok || Status(status) == Status::not_mapped || value == 0;
}

/// Pages outside the user half, the last below the non-canonical hole among them, are nobody's.
bool place_is_right(std::uint64_t row, const Words& words, std::uint64_t status) {
    if (Status(status) != Status::ok || row == lamina::call_count) return true;
    const auto meanings = calls::call_meanings[row].view();
    for (std::size_t i = 0; i < meanings.size(); ++i)
        if (meanings[i] == calls::Meaning::page_address && !lamina::in_user_half(words[i], 1))
            return false;
    return true;
}

}  // namespace

void Tally::add(std::uint64_t number, const Words& words, std::uint64_t status,
                std::uint64_t value) {
    const std::size_t row = std::min<std::uint64_t>(number, lamina::call_count);
    ++total;
    if (status == 0) ++succeeded;
    for (const std::uint64_t word : {number, status, value})
        fingerprint = (fingerprint ^ word) * 0x9e37'79b9'7f4a'7c15;
    const bool known = status < status_count;
    if (known) ++of[row][status];
    if (known && (declared[row] >> status & 1) != 0 && value_is_right(status, value) &&
        place_is_right(row, words, status))
        return;
    if (surprises++ == 0) first_surprise = {number, words, status, value};
}

void Tally::add(const Tally& other) {
    for (std::size_t row = 0; row < row_count; ++row)
        for (std::size_t status = 0; status < status_count; ++status)
            of[row][status] += other.of[row][status];
    total += other.total;
    succeeded += other.succeeded;
    fingerprint += other.fingerprint;
    if (surprises == 0) first_surprise = other.first_surprise;
    surprises += other.surprises;
}

}  // namespace random_calls
