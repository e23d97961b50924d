// libos/test/unity.cpp - Unity-style tests inside the image: assertions, cases, totals.
#include "libos/test/unity.hpp"

#include <algorithm>

#include "libos/console/console.hpp"

namespace libos::unity {

namespace {

enum class Outcome { passed, failed, ignored };

struct State {
    const char* name = "";
    Outcome outcome = Outcome::passed;
    std::uint32_t tests = 0;
    std::uint32_t failures = 0;
    std::uint32_t ignored = 0;
};

constinit State state;

void settle(Outcome outcome, const char* file, int line, std::string_view text) {
    if (state.outcome != Outcome::passed) return;
    state.outcome = outcome;
    print(file, ":", line, ":", state.name, text, "\n");
}

}  // namespace

void run(void (*test)(), const char* name, const char* file, int line) {
    state.name = name;
    state.outcome = Outcome::passed;
    ++state.tests;
    test();
    if (state.outcome == Outcome::passed)
        print(file, ":", line, ":", name, ":PASS\n");
    else if (state.outcome == Outcome::failed)
        ++state.failures;
    else
        ++state.ignored;
}

int end() {
    print("\n-----------------------\n", state.tests, " Tests ", state.failures, " Failures ",
          state.ignored, " Ignored\n", state.failures == 0 ? "OK\n" : "FAIL\n");
    constexpr std::uint32_t status_max = 100;
    return int(std::min(state.failures, status_max));
}

bool failed() { return state.outcome != Outcome::passed; }

void fail(const char* file, int line, std::string_view why) {
    TextBuffer<400> text;
    put(text, ":FAIL: ", why);
    settle(Outcome::failed, file, line, text.view());
}

void ignore(const char* file, int line, std::string_view why) {
    TextBuffer<400> text;
    put(text, ":IGNORE: ", why);
    settle(Outcome::ignored, file, line, text.view());
}

}  // namespace libos::unity
