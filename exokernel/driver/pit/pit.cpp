// exokernel/driver/pit/pit.cpp - letting the 8254 timer count down.
#include "exokernel/driver/pit/pit.hpp"

#include "arch/ports.hpp"

namespace exo {

void wait_pit() {
    constexpr std::uint16_t count = 4772;
    constexpr std::uint16_t control = 0x61;  // bit 0: gate, bit 1: speaker, bit 5: output
    constexpr std::uint8_t output_high = 0x20;
    arch::out8(control, std::uint8_t((arch::in8(control) & ~2) | 1));
    arch::out8(0x43, 0xb0);  // channel 2, low byte then high byte, mode 0
    arch::out8(0x42, count & 0xff);
    arch::out8(0x42, count >> 8);
    while ((arch::in8(control) & output_high) == 0) {
    }
}

}  // namespace exo
