// tests/unit/exokernel/core/log_test.cpp - the log's lines, panic and LAMINA_ASSERT.
#include "exokernel/core/log.hpp"

#include "doctest/doctest.h"
#include "exokernel/core/panic.hpp"
#include "tests/unit/exokernel/machine.hpp"

TEST_CASE("a log line names its subsystem and holds its parts") {
    const LogCapture log;
    exo::log("memory", "frames ", 12U, " at ", exo::Hex{0xff});
    CHECK(log.lines() == std::vector<std::string>{"memory: frames 12 at 0xff"});
}

TEST_CASE("each log call is one line") {
    const LogCapture log;
    exo::log("a", "1");
    exo::log("b", "2");
    CHECK(log.lines() == std::vector<std::string>{"a: 1", "b: 2"});
}

TEST_CASE("panic writes one line that starts with its name, then stops the machine") {
    CHECK(panic_of([] { exo::panic("frame ", 3U, " is lost"); }) == "panic: frame 3 is lost");
}

TEST_CASE("an assertion that holds does nothing") {
    CHECK(panic_of([] { LAMINA_ASSERT(1 + 1 == 2); }).empty());
}

TEST_CASE("an assertion that fails names condition, file and line") {
    const std::string line = panic_of([] { LAMINA_ASSERT(1 + 1 == 3); });
    CHECK(line.starts_with("panic: assertion 1 + 1 == 3, tests/unit/exokernel/core/log_test.cpp"));
    CHECK(line.ends_with(" line " + std::to_string(__LINE__ - 2)));
}
