// tests/unit/sync/order/exports_test.cpp - reports as text, the graph as DOT and JSON, the top ten.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "lamina/sync/contended.hpp"
#include "lamina/sync/order_export.hpp"
#include "lamina/sync/report_text.hpp"
#include "tests/unit/sync/order/script.hpp"

using namespace order_test;

namespace {

/// Runs a piece that writes into a sink, and returns what it wrote.
template <typename F>
std::string written(F&& f) {
    std::string text;
    f([&](std::string_view piece) { text += piece; });
    return text;
}

/// A validator with classes `outer` (level 1, blocks), `tok"en` (2, yields), `readers` (2, spins).
struct Seen {
    Seen() { ScriptPlatform::current = &stack; }
    ~Seen() { ScriptPlatform::current = nullptr; }

    void take(ClassInfo& info, LockTag& tag, Access access = Access::exclusive) {
        validator.acquire({validator.setting(), info, tag, access, Way::waits, Site{}});
    }
    void give_back(ClassInfo& info, LockTag& tag, Access access = Access::exclusive) {
        validator.release({validator.setting(), info, tag, access, Way::waits, Site{}});
    }

    Validator<ScriptPlatform> validator{Mode::warn, EqualLevels::learn};
    ScriptPlatform::Stack stack{};
    ClassInfo readers{"readers", 2};
    ClassInfo token{"tok\"en", 2, WaitKind::yields, true};
    ClassInfo outer{"outer", 1, WaitKind::blocks};
    LockTag a, b, c;
};

std::string text_of_report(const Report& report) {
    return written([&](auto&& sink) { write_report(sink, report); });
}

LockStatistics waits(std::uint64_t contended, std::uint64_t spin_ns) {
    LockStatistics counted;
    counted.contended = contended;
    counted.spin_ns = spin_ns;
    return counted;
}

}  // namespace

TEST_CASE("an empty graph is an empty graph, in DOT and in JSON") {
    Seen seen;
    CHECK(written([&](auto&& sink) { write_json(seen.validator, sink); }) ==
          "{\"classes\": [\n ],\n \"edges\": [\n ]}\n");
    CHECK(written([&](auto&& sink) { write_dot(seen.validator, sink); }) ==
          "digraph locks {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n}\n");
}

TEST_CASE("JSON has every class by its level and every edge with how it was held and wanted") {
    Seen seen;
    REQUIRE(seen.validator.declare(seen.readers));
    seen.take(seen.outer, seen.a);
    seen.take(seen.token, seen.b);
    seen.give_back(seen.token, seen.b);
    seen.take(seen.readers, seen.c, Access::shared_recursive);
    CHECK(written([&](auto&& sink) { write_json(seen.validator, sink); }) ==
          "{\"classes\": [\n"
          "  {\"name\": \"outer\", \"level\": 1, \"wait\": \"blocks\", \"recursive\": false},\n"
          "  {\"name\": \"readers\", \"level\": 2, \"wait\": \"spins\", \"recursive\": false},\n"
          "  {\"name\": \"tok\\\"en\", \"level\": 2, \"wait\": \"yields\", \"recursive\": true}\n"
          " ],\n \"edges\": [\n"
          "  {\"outer\": \"outer\", \"inner\": \"tok\\\"en\", \"held\": \"exclusive\", \"wanted\": "
          "\"full\", \"held_at\": \"\", \"taken_at\": \"\"},\n"
          "  {\"outer\": \"outer\", \"inner\": \"readers\", \"held\": \"exclusive\", \"wanted\": "
          "\"recursive reader\", \"held_at\": \"\", \"taken_at\": \"\"}\n"
          " ]}\n");
}

TEST_CASE("DOT has a row for each level and dashes the arrows that only readers make") {
    Seen seen;
    seen.take(seen.readers, seen.c, Access::shared);
    seen.take(seen.token, seen.b);  // is reported: the lock below it spins, so no edge
    seen.give_back(seen.token, seen.b);
    seen.give_back(seen.readers, seen.c, Access::shared);
    seen.take(seen.outer, seen.a);
    seen.take(seen.readers, seen.c, Access::shared_recursive);
    seen.give_back(seen.readers, seen.c, Access::shared_recursive);
    seen.take(seen.token, seen.b);
    CHECK(written([&](auto&& sink) { write_dot(seen.validator, sink); }) ==
          "digraph locks {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n"
          "  { rank=same; \"outer\" [tooltip=\"level 1, blocks\"]; }\n"
          "  { rank=same; \"readers\" [tooltip=\"level 2, spins\"]; "
          "\"tok\\\"en\" [tooltip=\"level 2, yields\"]; }\n"
          "  \"outer\" -> \"tok\\\"en\" [tooltip=\"-, then -\"];\n"
          "  \"outer\" -> \"readers\" [tooltip=\"-, then -\", style=dashed];\n"
          "}\n");
}

TEST_CASE("an export may be written by a sink that takes locks of the same validator") {
    Seen seen;
    seen.take(seen.outer, seen.a);
    seen.take(seen.readers, seen.b);
    unsigned pieces = 0;
    write_json(seen.validator, [&](std::string_view) {
        ++pieces;
        seen.take(seen.token, seen.c);
        seen.give_back(seen.token, seen.c);
    });
    CHECK(pieces > 10);
}

TEST_CASE("edges beyond those whose sites are kept are exported without sites") {
    Validator<ScriptPlatform> validator(Mode::warn, EqualLevels::refuse);
    ScriptPlatform::Stack stack{};
    ScriptPlatform::current = &stack;
    std::vector<std::unique_ptr<ClassInfo>> classes;
    for (Level level = 1; level < 64; ++level)
        classes.push_back(std::make_unique<ClassInfo>("class", level));
    std::vector<LockTag> tags(63);
    const auto step = [&](unsigned i) {
        return OrderStep{validator.setting(), *classes[i], tags[i],
                         Access::exclusive,   Way::waits,  Site::current()};
    };
    // 63 * 62 / 2 pairs, each taken by itself; sites are kept of four for each class.
    for (unsigned outer = 0; outer < 63; ++outer)
        for (unsigned inner = outer + 1; inner < 63; ++inner) {
            validator.acquire(step(outer));
            validator.acquire(step(inner));
            validator.release(step(inner));
            validator.release(step(outer));
        }
    ScriptPlatform::current = nullptr;
    unsigned edges = 0, with_sites = 0;
    validator.for_each_edge([&](const auto& edge, const ClassInfo& outer, const ClassInfo& inner) {
        ++edges;
        CHECK(outer.level < inner.level);
        CHECK((edge.held_site.line() != 0) == (edge.wanted_site.line() != 0));
        with_sites += edge.held_site.line() != 0 ? 1U : 0U;
    });
    CHECK(edges == 63 * 62 / 2);
    CHECK(with_sites == 4 * 64);
}

TEST_CASE("a report says rule, sites, chain and what is held, a line each") {
    const ClassInfo a{"a", 1}, b{"b", 1};
    Report report;
    report.what = Violation::cycle;
    report.wanted = &a;
    report.held = &b;
    report.links[0] = {&a, &b, Site{}, Site{}, false};
    report.link_count = 1;
    report.locks[0] = {&b, nullptr, Site{}};
    report.lock_count = 1;
    CHECK(text_of_report(report) ==
          "lock order: locks taken in a circle\n  wants a at -\n  holds b since -\n"
          "  before, a was held at - and b was taken at -\n"
          "  all that is held, oldest first: b (-)\n");
    report.link_count = links_max + 2;
    for (ChainLink& link : report.links)
        link = report.links[0];
    CHECK(text_of_report(report).find("  and 2 more steps\n") != std::string::npos);
}

TEST_CASE("a report of a release, of an interrupt, of nothing wanted") {
    const ClassInfo a{"a", 1}, b{"b", 1};
    Report report;
    report.what = Violation::stranger_release;
    report.wanted = report.held = &a;
    report.site = Site::current();
    const std::string line = "exports_test.cpp:" + std::to_string(report.site.line());
    CHECK(text_of_report(report).find("  gives back a at ") != std::string::npos);
    CHECK(text_of_report(report).find(line + "\n  last taken at -\n") != std::string::npos);
    report.what = Violation::interrupt;
    report.links[0] = {&b, &a, Site{}, Site{}, true};
    report.link_count = 1;
    CHECK(text_of_report(report).find("  an interrupt while b is held (as at -) may want a (as at "
                                      "-)\n") != std::string::npos);
    report = {};
    report.what = Violation::blocking;
    report.held = &a;
    CHECK(text_of_report(report) ==
          "lock order: blocking with a spinlock held or inside an interrupt\n  at -\n"
          "  holds a since -\n");
}

TEST_CASE("quoted text survives quotes, backslashes and control characters") {
    CHECK(written([](auto&& sink) { TextOut(sink).quoted("a\"b\\c\n\x1f"); }) ==
          "\"a\\\"b\\\\c\\u000a\\u001f\"");
    CHECK(written([](auto&& sink) { TextOut(sink) << std::uint64_t{0} << ~std::uint64_t{0}; }) ==
          "018446744073709551615");
}

TEST_CASE("the top ten are the most contended, with as many waits the longest waited for") {
    TopContended<3> top;
    top.add("few", waits(1, 100));
    top.add("none", waits(0, 1000));
    top.add("many", waits(9, 5));
    top.add("long", waits(4, 50));
    top.add("short", waits(4, 20));
    top.add("fewest", waits(1, 1));
    REQUIRE(top.rows().size() == 3);
    CHECK(std::string(top.rows()[0].name) == "many");
    CHECK(std::string(top.rows()[1].name) == "long");
    CHECK(std::string(top.rows()[2].name) == "short");
    TopContended<> quiet;
    quiet.add("none", waits(0, 1000));
    CHECK(quiet.rows().empty());
}

TEST_CASE("the top ten hold ten, and are written as a table with a head") {
    TopContended<> top;
    for (unsigned i = 1; i <= 12; ++i)
        top.add("lock", waits(i, 7000));
    REQUIRE(top.rows().size() == 10);
    CHECK(top.rows()[9].counted.contended == 3);
    const std::string table = written([&](auto&& sink) { top.write(sink); });
    CHECK(std::count(table.begin(), table.end(), '\n') == 11);
    CHECK(table.starts_with("lock  "));
    const std::string first = table.substr(table.find('\n') + 1, 16 + 3 * 11);
    CHECK(first == "lock                      0         12          7");
}
