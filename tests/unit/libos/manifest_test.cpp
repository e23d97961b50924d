// tests/unit/libos/manifest_test.cpp - the manifest's lines, good and bad.
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "libos/manifest/manifest.hpp"
#include "tests/mutation/mutation.hpp"

using lamina::Rights;
using libos::ManifestEntry;
using libos::ManifestMistake;
using libos::ManifestReader;

namespace {

ManifestEntry only(std::string_view line) {
    ManifestReader reader(line);
    const auto entry = reader.next();
    REQUIRE(entry);
    REQUIRE(*entry);
    CHECK(!reader.next());
    return **entry;
}

ManifestMistake mistake(std::string_view line) {
    ManifestReader reader(line);
    const auto entry = reader.next();
    REQUIRE(entry);
    REQUIRE(!*entry);
    return entry->error().mistake;
}

}  // namespace

TEST_CASE("a full line") {
    const auto entry =
        only("start shell quota=90% console=rw archive info power main -- -x  two # rest");
    CHECK(entry.app == "shell");
    CHECK(entry.quota_percent == 90);
    CHECK(entry.quota_frames == 0);
    CHECK(entry.console == (Rights::read | Rights::write));
    CHECK(entry.archive);
    CHECK(entry.info);
    CHECK(entry.power);
    CHECK(entry.main);
    REQUIRE(entry.arguments().size() == 2);
    CHECK(entry.arguments()[0] == "-x");
    CHECK(entry.arguments()[1] == "two");
}

TEST_CASE("what is not said is not given") {
    const auto entry = only("start a quota=4K");
    CHECK(entry.quota_frames == 1);
    CHECK(entry.console == Rights::none);
    CHECK(!entry.archive);
    CHECK(!entry.info);
    CHECK(!entry.power);
    CHECK(!entry.main);
    CHECK(entry.arguments().empty());
}

TEST_CASE("who may be ended when memory is low") {
    CHECK(only("start a quota=1M memory=end").may_be_ended);
    CHECK_FALSE(only("start a quota=1M memory=fail").may_be_ended);
    CHECK_FALSE(only("start a quota=1M").may_be_ended);
}

TEST_CASE("bounds of slices and time") {
    CHECK(only("start a quota=1M slices=1").slices == 1);
    CHECK(only("start a quota=1M slices=1024 time=100%").slices == 1024);
    CHECK(only("start a quota=1M time=7%").time_percent == 7);
    CHECK(only("start a quota=1M").slices == 0);
    CHECK(only("start a quota=1M").time_percent == 0);
}

TEST_CASE("quotas") {
    CHECK(only("start a quota=8K").quota_frames == 2);
    CHECK(only("start a quota=1M").quota_frames == 256);
    CHECK(only("start a quota=2G").quota_frames == 524288);
    CHECK(only("start a quota=100%").quota_percent == 100);
    CHECK(only("start a~ quota=4294967296G").quota_frames == std::uint64_t{1} << 50);
    for (const auto* bad : {"quota=", "quota=K", "quota=%", "quota=0K", "quota=0%", "quota=101%",
                            "quota=5", "quota=6K", "quota=1T", "quota=-1M",
                            "quota=99999999999999999999M", "quota=18446744073709551615G"}) {
        CAPTURE(bad);
        CHECK(mistake(std::string("start a ") + bad) == ManifestMistake::bad_quota);
    }
}

TEST_CASE("mistakes are named, with line and word") {
    CHECK(mistake("stop a quota=1M") == ManifestMistake::not_start);
    CHECK(mistake("start") == ManifestMistake::no_app);
    CHECK(mistake("start a") == ManifestMistake::no_quota);
    CHECK(mistake("start a quota=1M quota=1M") == ManifestMistake::repeated_word);
    CHECK(mistake("start a quota=1M main main") == ManifestMistake::repeated_word);
    CHECK(mistake("start a quota=1M console=r console=w") == ManifestMistake::repeated_word);
    CHECK(mistake("start a quota=1M console=x") == ManifestMistake::bad_console);
    CHECK(mistake("start a quota=1M memory=x") == ManifestMistake::bad_memory);
    for (const char* bad : {"slices=", "slices=0", "slices=1025", "slices=x", "slices=-1"})
        CHECK(mistake(std::string("start a quota=1M ") + bad) == ManifestMistake::bad_slices);
    for (const char* bad : {"time=", "time=%", "time=0%", "time=101%", "time=50", "time=x%"})
        CHECK(mistake(std::string("start a quota=1M ") + bad) == ManifestMistake::bad_time);
    CHECK(mistake("start a quota=1M slices=1 slices=1") == ManifestMistake::repeated_word);
    CHECK(mistake("start a quota=1M time=1% time=1%") == ManifestMistake::repeated_word);
    CHECK(mistake("start a quota=1M memory=end memory=end") == ManifestMistake::repeated_word);
    CHECK(mistake("start a quota=1M memory=end memory=fail") == ManifestMistake::bad_memory);
    CHECK(mistake("start a quota=1M root") == ManifestMistake::unknown_word);
    CHECK(mistake("start a quota=1M -- 1 2 3 4 5 6 7 8 9") == ManifestMistake::too_many_arguments);
    CHECK(mistake("start a\x80 quota=1M") == ManifestMistake::not_text);
    ManifestReader reader("\n# comment\nstart a quota=1M zoo\n");
    const auto entry = reader.next();
    REQUIRE(entry);
    REQUIRE(!*entry);
    CHECK(entry->error().line == 3);
    CHECK(entry->error().word == "zoo");
}

TEST_CASE("every mistake has a cause of its own in words") {
    std::vector<std::string> causes;
    for (int i = 0; i <= int(ManifestMistake::not_text); ++i) {
        const std::string cause = libos::manifest_mistake_cause(ManifestMistake(i));
        CHECK(cause != "unknown mistake");
        for (const auto& other : causes)
            CHECK(cause != other);
        causes.push_back(cause);
    }
}

TEST_CASE("a bad line does not keep the next from being read") {
    ManifestReader reader("start a quota=1M\n\tnonsense\n\n  start b quota=2M");
    CHECK((*reader.next())->app == "a");
    CHECK(!*reader.next());
    CHECK((*reader.next())->app == "b");
    CHECK(!reader.next());
    CHECK(!reader.next());
}

TEST_CASE("an empty manifest has no lines") {
    CHECK(!ManifestReader("").next());
    CHECK(!ManifestReader("\n\n   \n# only a comment").next());
}

TEST_CASE("1000 damaged manifests end, each line read or refused") {
    const std::string good =
        "# apps\nstart shell quota=90% console=rw archive info main -- x\n"
        "start hello quota=4M console=w\n";
    int refused = 0;
    for (std::uint64_t round = 0; round < 1000; ++round) {
        mutation::Random random(round + 1);
        auto text = good;
        for (std::uint64_t i = 0; i <= random.below(4); ++i)
            text[random.below(text.size())] = char(random.below(256));
        ManifestReader reader(std::string_view(text).substr(0, random.below(text.size() + 1)));
        int lines = 0;
        while (const auto entry = reader.next()) {
            ++lines;
            if (*entry)
                CHECK(((*entry)->quota_frames != 0 || (*entry)->quota_percent != 0));
            else
                ++refused;
        }
        CHECK(lines <= 8);
    }
    CHECK(refused > 100);
}
