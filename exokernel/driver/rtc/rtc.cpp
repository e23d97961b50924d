// exokernel/driver/rtc/rtc.cpp - reading the clock that runs on a battery.
#include "exokernel/driver/rtc/rtc.hpp"

#include "arch/ports.hpp"

namespace exo {
namespace {

enum Register : std::uint8_t {
    seconds = 0,
    minutes = 2,
    hours = 4,
    day = 7,
    month = 8,
    year = 9,
    status_a = 10,
    status_b = 11,
};

constexpr std::uint8_t update_in_progress = 0x80;  // status A
constexpr std::uint8_t hours_to_24 = 0x02;         // status B
constexpr std::uint8_t binary = 0x04;              // status B
constexpr std::uint8_t afternoon = 0x80;           // hours, of a clock that counts to 12

/// The registers as they are.
struct Shown {
    std::uint8_t seconds, minutes, hours, day, month, year;
    bool operator==(const Shown&) const = default;
};

/// A port takes about a microsecond.
constexpr int reads_of_an_update_max = 10'000;
constexpr int tries_max = 10;

/// What the clock shows while it does not change. Nothing if it never rests.
std::optional<Shown> read_shown(RtcRegister read) {
    for (int reads = 0; (read(status_a) & update_in_progress) != 0; ++reads)
        if (reads == reads_of_an_update_max) return {};
    return Shown{read(seconds), read(minutes), read(hours), read(day), read(month), read(year)};
}

/// An update may begin between two registers: what is read twice the same is one moment's.
std::optional<Shown> read_settled(RtcRegister read) {
    auto before = read_shown(read);
    for (int tries = 0; before && tries < tries_max; ++tries) {
        const auto now = read_shown(read);
        if (now == before) return now;
        before = now;
    }
    return {};
}

/// Days from 1970 to a date of the Gregorian calendar, years 1970 to 2069.
constexpr std::uint64_t days_to(std::uint64_t year, std::uint64_t month, std::uint64_t day) {
    constexpr std::uint64_t days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const std::uint64_t past_february = month > 2 ? 1 : 0;
    // 2000 is a leap year, so every fourth year is one.
    const std::uint64_t leap_days = (year - 1969) / 4 + (year % 4 == 0 ? past_february : 0);
    return (year - 1970) * 365 + leap_days + days_before[month - 1] + day - 1;
}
static_assert(days_to(1970, 1, 1) == 0 && days_to(2000, 3, 1) == 11'017);

}  // namespace

std::uint8_t read_rtc_register(std::uint8_t index) {
    constexpr std::uint16_t index_port = 0x70;
    constexpr std::uint16_t data_port = 0x71;
    arch::out8(index_port, index);  // its highest bit, 0, lets non-maskable interrupts through
    return arch::in8(data_port);
}

std::optional<std::uint64_t> read_rtc(RtcRegister read) {
    const auto shown = read_settled(read);
    if (!shown) return {};
    const std::uint8_t format = read(status_b);
    const auto number = [format](std::uint8_t value) -> std::uint64_t {
        return (format & binary) != 0 ? value : (value >> 4) * 10 + (value & 15);
    };
    std::uint64_t hour = number(shown->hours & ~afternoon);
    if ((format & hours_to_24) == 0) hour = hour % 12 + ((shown->hours & afternoon) != 0 ? 12 : 0);
    const std::uint64_t years = number(shown->year);
    const std::uint64_t months = number(shown->month);
    const std::uint64_t days = number(shown->day);
    const std::uint64_t minute = number(shown->minutes);
    const std::uint64_t second = number(shown->seconds);
    if (second > 59 || minute > 59 || hour > 23 || days == 0 || days > 31 || months == 0 ||
        months > 12 || years > 99)
        return {};
    const std::uint64_t full_year = years + (years < 70 ? 2000 : 1900);
    return ((days_to(full_year, months, days) * 24 + hour) * 60 + minute) * 60 + second;
}

}  // namespace exo
