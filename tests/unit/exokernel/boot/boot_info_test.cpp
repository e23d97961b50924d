// tests/unit/exokernel/boot/boot_info_test.cpp - BootInfo: usable ranges, exclusion, the command
// line.
#include "exokernel/boot/boot_info.hpp"

#include <memory>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/machine.hpp"

using exo::boot::BootInfo;
using exo::boot::MemoryRange;

namespace {

constexpr std::uint64_t page = exo::page_size;

std::string text_of(const BootInfo& boot) {
    std::string text;
    for (std::uint32_t i = 0; i < boot.range_count; ++i)
        if (boot.usable[i].bytes() != 0)
            text += std::to_string(boot.usable[i].start / page) + "-" +
                    std::to_string(boot.usable[i].end / page) + " ";
    return text;
}

}  // namespace

TEST_CASE("usable memory is shrunk to whole pages") {
    BootInfo boot;
    boot.add_usable(5 * page + 1, 9 * page + 4095);
    CHECK(text_of(boot) == "6-9 ");
}

TEST_CASE("memory without a whole page is not kept") {
    BootInfo boot;
    boot.add_usable(5 * page + 1, 6 * page);
    boot.add_usable(5 * page, 6 * page - 1);
    boot.add_usable(7 * page, 7 * page);
    boot.add_usable(9 * page, 8 * page);
    CHECK(boot.range_count == 0);
}

TEST_CASE("a range that wraps around is not kept") {
    BootInfo boot;
    boot.add_usable(~0ULL - 100, ~0ULL);
    boot.add_usable(1ULL << 40, 0x1000);
    CHECK(boot.range_count == 0);
}

TEST_CASE("ranges beyond the bound are left out") {
    BootInfo boot;
    for (std::uint64_t i = 0; i < BootInfo::ranges_max + 5; ++i)
        boot.add_usable(2 * i * page, (2 * i + 1) * page);
    CHECK(boot.range_count == BootInfo::ranges_max);
    CHECK(boot.usable[BootInfo::ranges_max - 1].start == 2 * (BootInfo::ranges_max - 1) * page);
}

TEST_CASE("exclusion cuts a range at its start, at its end, and in two") {
    BootInfo boot;
    boot.add_usable(10 * page, 20 * page);
    boot.exclude(5 * page, 12 * page);
    CHECK(text_of(boot) == "12-20 ");
    boot.exclude(18 * page, 30 * page);
    CHECK(text_of(boot) == "12-18 ");
    boot.exclude(14 * page, 15 * page);
    CHECK(text_of(boot) == "12-14 15-18 ");
}

TEST_CASE("exclusion takes a whole range, and parts of several") {
    BootInfo boot;
    boot.add_usable(1 * page, 3 * page);
    boot.add_usable(4 * page, 6 * page);
    boot.add_usable(8 * page, 9 * page);
    boot.exclude(2 * page, 9 * page);
    CHECK(text_of(boot) == "1-2 ");
}

TEST_CASE("a range is excluded with the whole pages it touches") {
    BootInfo boot;
    boot.add_usable(0, 10 * page);
    boot.exclude(3 * page + 100, 4 * page + 1);
    CHECK(text_of(boot) == "0-3 5-10 ");
}

TEST_CASE("excluding what is not usable changes nothing") {
    BootInfo boot;
    boot.add_usable(10 * page, 20 * page);
    boot.exclude(5 * page, 10 * page);
    boot.exclude(20 * page, 30 * page);
    boot.exclude(12 * page, 12 * page);
    CHECK(text_of(boot) == "10-20 ");
}

TEST_CASE("with many random exclusions just the pages outside all of them are left") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        mutation::Random random(seed);
        BootInfo boot;
        std::vector<bool> model(200);
        for (std::uint64_t start = 0; start < 200; start += 50) {
            const std::uint64_t end = start + 1 + random.below(50);
            boot.add_usable(start * page, end * page);
            for (std::uint64_t i = start; i < end; ++i)
                model[i] = true;
        }
        for (int i = 0; i < 10; ++i) {
            const std::uint64_t start = random.below(200 * page);
            const std::uint64_t end = start + 1 + random.below(10 * page);
            boot.exclude(start, end);
            for (std::uint64_t p = start / page; p < 200 && p * page < end; ++p)
                model[p] = false;
        }
        std::vector<bool> left(200);
        for (const MemoryRange& range : boot.ranges())
            for (std::uint64_t p = range.start / page; p < range.end / page; ++p) {
                REQUIRE_FALSE(left[p]);
                left[p] = true;
            }
        REQUIRE(left == model);
    }
}

TEST_CASE("a command line is copied and cut to its bound") {
    BootInfo boot;
    boot.set_command_line("panic=exit console=script");
    CHECK(boot.words() == "panic=exit console=script");
    boot.set_command_line("");
    CHECK(boot.words().empty());
    const std::string long_line(2000, 'x');
    boot.set_command_line(long_line.c_str());
    CHECK(boot.words().size() == BootInfo::command_line_max);
}
