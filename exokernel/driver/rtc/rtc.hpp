// exokernel/driver/rtc/rtc.hpp - the clock that runs on a battery: what time it was at boot.
// Source: Motorola MC146818A data sheet; Intel 500-series chipset data sheet vol. 2, RTC registers.
#pragma once

#include <cstdint>
#include <optional>

namespace exo {

/// Reads a register of the clock.
using RtcRegister = std::uint8_t (*)(std::uint8_t index);

/// The clock of a PC: ports 0x70 and 0x71.
std::uint8_t read_rtc_register(std::uint8_t index);

/// Seconds since 1970 as the clock shows them; it is taken to show UTC, in the years 1970 to 2069.
/// Nothing if there is no clock, or it shows no date. Waits for the end of an update, of 2 ms at
/// most, but not for ever.
std::optional<std::uint64_t> read_rtc(RtcRegister read = read_rtc_register);

}  // namespace exo
