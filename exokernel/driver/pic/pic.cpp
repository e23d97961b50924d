// exokernel/driver/pic/pic.cpp - putting the 8259 interrupt controllers to rest.
#include "exokernel/driver/pic/pic.hpp"

#include "arch/ports.hpp"

namespace exo {

void mask_legacy_interrupts() {
    constexpr struct {
        std::uint16_t port;
        std::uint8_t value;
    } sequence[] = {{0x20, 0x11}, {0xa0, 0x11}, {0x21, 0x20}, {0xa1, 0x28}, {0x21, 4},
                    {0xa1, 2},    {0x21, 1},    {0xa1, 1},    {0x21, 0xff}, {0xa1, 0xff}};
    for (const auto& step : sequence)
        arch::out8(step.port, step.value);
}

}  // namespace exo
