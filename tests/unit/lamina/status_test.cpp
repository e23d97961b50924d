// tests/unit/lamina/status_test.cpp - statuses, handles and rights: what the tables promise.
#include <set>
#include <string>

#include "doctest/doctest.h"
#include "lamina/layout.hpp"
#include "lamina/rights.hpp"
#include "lamina/status.hpp"
#include "lamina/syscalls.hpp"

using lamina::Status;

TEST_CASE("every status has a number, a name and a cause of its own") {
    std::set<std::uint32_t> numbers;
    std::set<std::string> names;
    std::set<std::string> causes;
    int count = 0;
#define LAMINA_STATUS(name, number, cause)             \
    ++count;                                           \
    numbers.insert(number);                            \
    names.insert(lamina::status_name(Status::name));   \
    causes.insert(lamina::status_cause(Status::name)); \
    CHECK(std::string(lamina::status_name(Status::name)) == #name);
#include "lamina/status.def"
#undef LAMINA_STATUS
    CHECK(numbers.size() == std::size_t(count));
    CHECK(names.size() == std::size_t(count));
    CHECK(causes.size() == std::size_t(count));
    CHECK(std::string(lamina::status_name(Status(9999))) == "unknown");
}

TEST_CASE("system calls are numbered from 0 without gaps, and every error has a name") {
    std::set<std::uint32_t> numbers;
    std::set<std::string> statuses;
#define LAMINA_STATUS(name, number, cause) statuses.insert(#name);
#include "lamina/status.def"
#undef LAMINA_STATUS
    const auto check = [&](std::uint32_t number, std::string errors) {
        numbers.insert(number);
        errors += ' ';
        for (std::size_t from = 0, to; (to = errors.find(' ', from)) != errors.npos;
             from = to + 1) {
            if (to == from) continue;
            CAPTURE(errors);
            CHECK(statuses.count(errors.substr(from, to - from)) == 1);
        }
    };
#define LAMINA_SYSCALL(number, name, arguments, value, rights, errors) check(number, errors);
#include "lamina/syscalls.def"
#undef LAMINA_SYSCALL
    CHECK(numbers.size() == lamina::call_count);
    CHECK(*numbers.rbegin() == lamina::call_count - 1);
}

TEST_CASE("a handle is a slot and a generation") {
    const auto handle = lamina::make_handle(0x1234, 0xabcd);
    CHECK(lamina::handle_slot(handle) == 0x1234);
    CHECK(lamina::handle_generation(handle) == 0xabcd);
}

TEST_CASE("rights cover what they hold") {
    using lamina::Rights;
    const auto held = Rights::read | Rights::copy;
    CHECK(lamina::covers(held, Rights::none));
    CHECK(lamina::covers(held, Rights::read));
    CHECK(lamina::covers(held, held));
    CHECK(!lamina::covers(held, Rights::write));
    CHECK(!lamina::covers(held, Rights::read | Rights::write));
    CHECK(lamina::covers(Rights::all, Rights::power));
}

TEST_CASE("the user half ends one page below the hole") {
    using lamina::in_user_half;
    CHECK(!in_user_half(0, 1));
    CHECK(!in_user_half(4095, 1));
    CHECK(in_user_half(4096, 1));
    CHECK(in_user_half(lamina::user_end - 1, 1));
    CHECK(!in_user_half(lamina::user_end - 1, 2));
    CHECK(in_user_half(lamina::user_end, 0));
    CHECK(!in_user_half(lamina::user_end + 1, 0));
    CHECK(!in_user_half(4096, ~0ULL));
    CHECK(!in_user_half(0xffff'8000'0000'0000, 1));
    CHECK(lamina::page_ceil(4097) == 8192);
    CHECK(lamina::page_floor(8191) == 4096);
    CHECK(lamina::page_ceil(4096) == 4096);
}
