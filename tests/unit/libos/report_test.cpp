// tests/unit/libos/report_test.cpp - ends of environments in words.
#include <cstring>
#include <string>

#include "doctest/doctest.h"
#include "libos/report/report.hpp"
#include "libos/vm/layout.hpp"
#include "tests/unit/lamina/files.hpp"

using lamina::EndCause;
using lamina::EnvReport;

namespace {

constexpr std::uint64_t stack_pages = 16;

EnvReport fault(std::uint32_t vector, std::uint32_t error_code = 0, std::uint64_t address = 0) {
    EnvReport report = {};
    report.cause = EndCause::faulted;
    report.env_id = 5;
    std::strcpy(report.name, "crash_demo");
    report.vector = vector;
    report.error_code = error_code;
    report.address = address;
    report.rip = 0x401136;
    return report;
}

std::string text(const EnvReport& report, const libos::SymbolTable* symbols = nullptr) {
    libos::TextBuffer<200> buffer;
    libos::describe_end(buffer, report, symbols, stack_pages);
    return std::string(buffer.view());
}

// One function, crash_null.
std::string symbol_file(std::uint64_t address = 0x401130) {
    std::string file("LAMSYMS1");
    const std::uint32_t counts[] = {1, 11};
    const std::uint32_t size_and_name[] = {16, 0};
    file.append(reinterpret_cast<const char*>(counts), sizeof counts);
    file.append(reinterpret_cast<const char*>(&address), sizeof address);
    file.append(reinterpret_cast<const char*>(size_and_name), sizeof size_and_name);
    file.append("crash_null", 11);
    return file;
}

}  // namespace

TEST_CASE("a page fault tells access, address and place") {
    const auto file = files::bytes_of(symbol_file());
    const auto symbols = libos::SymbolTable::open(file);
    REQUIRE(symbols);
    CHECK(text(fault(14, 6), &*symbols) ==
          "env 5 crash_demo: page fault write at 0x0, rip 0x401136 (crash_null+0x6)");
    CHECK(text(fault(14, 4, 0x1234)) ==
          "env 5 crash_demo: page fault read at 0x1234, rip 0x401136");
    CHECK(text(fault(14, 0x15, 0x5000)) ==
          "env 5 crash_demo: page fault execute at 0x5000, rip 0x401136");
}

TEST_CASE("symbols come from the archive when it has them") {
    const auto file =
        files::make_archive({{"crash_demo", lamina::ArchiveKind::symbols, symbol_file()}});
    const auto archive = lamina::Archive::open(file);
    REQUIRE(archive);
    libos::TextBuffer<200> buffer;
    libos::describe_end(buffer, fault(0), *archive, stack_pages);
    CHECK(buffer.view() == "env 5 crash_demo: divide error, rip 0x401136 (crash_null+0x6)");
    const auto damaged =
        files::make_archive({{"crash_demo", lamina::ArchiveKind::symbols, "no table"}});
    const auto without = lamina::Archive::open(damaged);
    REQUIRE(without);
    buffer.clear();
    libos::describe_end(buffer, fault(0), *without, stack_pages);
    CHECK(buffer.view() == "env 5 crash_demo: divide error, rip 0x401136");
}

TEST_CASE("the guard pages below the stack are told") {
    const auto lowest = libos::layout::stack_end - stack_pages * lamina::page_size;
    CHECK(text(fault(14, 6, lowest - 8)).find("(stack overflow)") != std::string::npos);
    CHECK(text(fault(14, 6, lowest)).find("(stack overflow)") == std::string::npos);
    const auto guard = libos::layout::guard_pages * lamina::page_size;
    CHECK(text(fault(14, 6, lowest - guard)).find("(stack overflow)") != std::string::npos);
    CHECK(text(fault(14, 6, lowest - guard - 1)).find("(stack overflow)") == std::string::npos);
}

TEST_CASE("the gap below a Linux program's stack is told") {
    const auto lowest = libos::layout::linux_end - libos::layout::linux_stack_bytes_max;
    CHECK(text(fault(14, 6, lowest)).find("(stack overflow)") == std::string::npos);
    CHECK(text(fault(14, 6, lowest - 1)).find("(stack overflow)") != std::string::npos);
    const auto gap = libos::layout::linux_stack_gap_bytes;
    CHECK(text(fault(14, 6, lowest - gap)).find("(stack overflow)") != std::string::npos);
    CHECK(text(fault(14, 6, lowest - gap - 1)).find("(stack overflow)") == std::string::npos);
}

TEST_CASE("in the libOS of a foreign program the libOS's own symbols tell") {
    const auto table = symbol_file(lamina::libos_image_start - 4);
    const auto file = files::make_archive({{"crash_demo", lamina::ArchiveKind::symbols, "no table"},
                                           {"linux", lamina::ArchiveKind::symbols, table}});
    const auto archive = lamina::Archive::open(file);
    REQUIRE(archive);
    libos::TextBuffer<200> buffer;
    libos::describe_end(buffer, fault(0), *archive, stack_pages);
    CHECK(buffer.view() == "env 5 crash_demo: divide error, rip 0x401136");
    auto report = fault(0);
    report.rip = lamina::libos_image_start;
    buffer.clear();
    libos::describe_end(buffer, report, *archive, stack_pages);
    CHECK(buffer.view() == "env 5 crash_demo: divide error, rip 0x70000000 (crash_null+0x4)");
}

TEST_CASE("other exceptions by name, error codes when there are any") {
    CHECK(text(fault(0)) == "env 5 crash_demo: divide error, rip 0x401136");
    CHECK(text(fault(6)) == "env 5 crash_demo: invalid opcode, rip 0x401136");
    CHECK(text(fault(13, 0x18)) ==
          "env 5 crash_demo: general protection fault code 0x18, rip 0x401136");
    CHECK(text(fault(31)) == "env 5 crash_demo: reserved exception 31, rip 0x401136");
    for (std::uint32_t vector = 0; vector < 40; ++vector)
        CHECK(!text(fault(vector)).empty());
}

TEST_CASE("exits and kills, and what they leave as status") {
    EnvReport report = {};
    report.env_id = 7;
    std::strcpy(report.name, "hello");
    report.status = 3;
    CHECK(text(report) == "env 7 hello: exited, status 3");
    CHECK(libos::end_status(report) == 3);
    report.cause = EndCause::killed;
    report.status = 137;
    CHECK(text(report) == "env 7 hello: killed");
    CHECK(libos::end_status(report) == 137);
    CHECK(libos::end_status(fault(14)) == 139);
}

TEST_CASE("a foreign call that could not be told of is named with its place") {
    auto report = fault(0);
    report.cause = EndCause::foreign_while_disabled;
    CHECK(text(report) == "env 5 crash_demo: foreign system call while disabled, rip 0x401136");
    CHECK(libos::end_status(report) == 139);
}

TEST_CASE("a name that fills its field is cut, not overrun") {
    EnvReport report = {};
    std::memset(report.name, 'x', sizeof report.name);
    CHECK(text(report).find(std::string(sizeof report.name, 'x') + ": exited") !=
          std::string::npos);
}
