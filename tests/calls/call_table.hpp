// tests/calls/call_table.hpp - the system-call table as data: arguments, rights and errors as
// texts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/status.hpp"
#include "lamina/syscalls.hpp"

namespace calls {

inline constexpr std::size_t arguments_max = 6;

struct Argument {
    std::string_view kind;
    std::string_view name;

    constexpr bool may_be_null() const { return kind == "handle_or_null"; }
    constexpr bool is_handle() const { return kind == "handle" || may_be_null(); }
};

/// One row of lamina/syscalls.def.
struct CallRow {
    lamina::Call number;
    std::string_view name;
    std::string_view arguments_text;  ///< LAMINA_ARGS(kind name, ...)
    std::string_view rights;
    std::string_view errors;
};

inline constexpr CallRow call_rows[] = {
#define LAMINA_SYSCALL(number, name, arguments, value, rights, errors) \
    {lamina::Call::name, #name, #arguments, rights, errors},
#include "lamina/syscalls.def"
#undef LAMINA_SYSCALL
};

namespace detail {

constexpr std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

/// The text up to a separator, which is taken off `rest` with it.
constexpr std::string_view take(std::string_view& rest, char separator) {
    const auto part = rest.substr(0, rest.find(separator));
    rest.remove_prefix(part.size() == rest.size() ? part.size() : part.size() + 1);
    return trim(part);
}

}  // namespace detail

/// The arguments of a call.
struct Arguments {
    std::array<Argument, arguments_max> list = {};
    std::size_t count = 0;

    constexpr explicit Arguments(const CallRow& row) {
        auto rest = row.arguments_text;
        rest.remove_prefix(rest.find('(') + 1);
        rest.remove_suffix(rest.size() - rest.rfind(')'));
        while (!rest.empty()) {
            auto text = detail::take(rest, ',');
            list[count].kind = detail::take(text, ' ');
            list[count++].name = detail::trim(text);
        }
    }
    constexpr std::span<const Argument> view() const { return {list.data(), count}; }
};

/// The statuses below 64 that a call declares among its errors: a bit each, by number.
constexpr std::uint64_t declared_errors(const CallRow& row) {
    std::uint64_t bits = 0;
    for (auto rest = row.errors; !rest.empty();) {
        const auto name = detail::take(rest, ' ');
#define LAMINA_STATUS(status, number, cause) \
    if (number < 64 && name == #status) bits |= 1ULL << (number % 64);
#include "lamina/status.def"
#undef LAMINA_STATUS
    }
    return bits;
}

/// Whether a call declares a status among its errors.
constexpr bool declares(const CallRow& row, lamina::Status status) {
    auto rest = row.errors;
    while (!rest.empty()) {
        if (detail::take(rest, ' ') == lamina::status_name(status)) return true;
    }
    return false;
}

/// What the rights text says of an argument: "env: manage; source: copy" of env is "manage".
constexpr std::string_view rights_of(const CallRow& row, std::string_view argument) {
    auto rest = row.rights;
    while (!rest.empty()) {
        auto part = detail::take(rest, ';');
        if (detail::take(part, ':') == argument) return detail::trim(part);
    }
    return {};
}

static_assert(Arguments(call_rows[0]).count == 0);
static_assert(Arguments(call_rows[1]).list[3].name == "count");
static_assert(Arguments(call_rows[1]).list[0].is_handle());
static_assert(!Arguments(call_rows[1]).list[0].may_be_null());
static_assert(Arguments(call_rows[2]).list[0].is_handle());
static_assert(Arguments(call_rows[2]).list[0].may_be_null());
static_assert(rights_of(call_rows[2], "source") == "copy");
static_assert(declares(call_rows[2], lamina::Status::slot_in_use));
static_assert(!declares(call_rows[2], lamina::Status::ok));
static_assert(declared_errors(call_rows[3]) == 1ULL << int(lamina::Status::bad_handle));

}  // namespace calls
