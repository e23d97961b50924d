// tests/unit/exokernel/driver/rtc/rtc_test.cpp - the battery's clock: formats, dates, updates.
#include "exokernel/driver/rtc/rtc.hpp"

#include <ctime>

#include "doctest/doctest.h"

namespace {

constexpr std::uint8_t binary_24 = 0x06;
constexpr std::uint8_t decimal_24 = 0x02;
constexpr std::uint8_t decimal_12 = 0x00;

// The clock of a test: what its registers are, and how it changes while it is read.
struct Clock {
    std::uint8_t registers[16] = {};
    int updating = 0;  // As many reads of status A find an update in progress; below 0: all.
    int changes = 0;   // As many times the seconds go on when they are read.
    int reads = 0;
};
Clock clock_of_test;

std::uint8_t read(std::uint8_t index) {
    Clock& clock = clock_of_test;
    ++clock.reads;
    if (index == 10 && clock.updating != 0) {
        clock.updating -= clock.updating > 0 ? 1 : 0;
        return 0x80 | clock.registers[10];
    }
    if (index == 0 && clock.changes != 0) {
        --clock.changes;
        return clock.registers[0]++;
    }
    return clock.registers[index];
}

void show(std::uint8_t format, std::uint8_t year, std::uint8_t month, std::uint8_t day,
          std::uint8_t hour, std::uint8_t minute, std::uint8_t second) {
    clock_of_test = {};
    auto& registers = clock_of_test.registers;
    registers[0] = second;
    registers[2] = minute;
    registers[4] = hour;
    registers[7] = day;
    registers[8] = month;
    registers[9] = year;
    registers[11] = format;
}

std::uint64_t shown() { return exo::read_rtc(read).value_or(0); }

}  // namespace

TEST_CASE("every day from 1970 to 2069 is the one the C library counts") {
    for (std::time_t day = 0; day < 36'525; ++day) {
        const std::time_t seconds = day * 86'400 + day % 86'400;
        std::tm date = {};
        gmtime_r(&seconds, &date);
        show(binary_24, std::uint8_t(date.tm_year % 100), std::uint8_t(date.tm_mon + 1),
             std::uint8_t(date.tm_mday), std::uint8_t(date.tm_hour), std::uint8_t(date.tm_min),
             std::uint8_t(date.tm_sec));
        REQUIRE(shown() == std::uint64_t(seconds));
    }
}

TEST_CASE("binary and decimal digits, hours to 12 and to 24 are told apart") {
    constexpr std::uint64_t afternoon = 1'732'203'296;  // 2024-11-21 15:34:56
    show(binary_24, 24, 11, 21, 15, 34, 56);
    CHECK(shown() == afternoon);
    show(decimal_24, 0x24, 0x11, 0x21, 0x15, 0x34, 0x56);
    CHECK(shown() == afternoon);
    show(decimal_12, 0x24, 0x11, 0x21, 0x83, 0x34, 0x56);
    CHECK(shown() == afternoon);
    show(decimal_12, 0x24, 0x11, 0x21, 0x03, 0x34, 0x56);
    CHECK(shown() == afternoon - 12 * 3600);
}

TEST_CASE("twelve o'clock of a clock that counts to 12 is midnight or noon") {
    show(decimal_12, 0x70, 0x01, 0x01, 0x12, 0, 1);
    CHECK(shown() == 1);
    show(decimal_12, 0x70, 0x01, 0x01, 0x92, 0, 0);
    CHECK(shown() == 12 * 3600);
}

TEST_CASE("what is no date is no time, nor is a clock that is not there") {
    struct Date {
        std::uint8_t year, month, day, hour, minute, second;
    };
    constexpr Date wrong[] = {{24, 0, 1, 0, 0, 0},  {24, 13, 1, 0, 0, 0}, {24, 1, 0, 0, 0, 0},
                              {24, 1, 32, 0, 0, 0}, {24, 1, 1, 24, 0, 0}, {24, 1, 1, 0, 60, 0},
                              {24, 1, 1, 0, 0, 60}, {100, 1, 1, 0, 0, 0}};
    for (const auto& date : wrong) {
        show(binary_24, date.year, date.month, date.day, date.hour, date.minute, date.second);
        CHECK_FALSE(exo::read_rtc(read));
    }
    show(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    clock_of_test.registers[10] = 0xff;
    CHECK_FALSE(exo::read_rtc(read));
    CHECK(clock_of_test.reads < 20'000);
}

TEST_CASE("an update is waited for, but not for ever") {
    show(binary_24, 70, 1, 1, 0, 0, 7);
    clock_of_test.updating = 100;
    CHECK(shown() == 7);
    clock_of_test.updating = -1;
    CHECK_FALSE(exo::read_rtc(read));
}

TEST_CASE("an update between two registers is noticed, a clock that never rests given up") {
    show(binary_24, 70, 1, 1, 0, 0, 7);
    clock_of_test.changes = 3;
    CHECK(shown() == 10);
    show(binary_24, 70, 1, 1, 0, 0, 7);
    clock_of_test.changes = 1000;
    CHECK_FALSE(exo::read_rtc(read));
}
