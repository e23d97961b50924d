// exokernel/driver/uart/uart.hpp - Uart: a 16550 serial port.
// Source: National Semiconductor PC16550D data sheet, sections 8.0 to 8.6.
#pragma once

#include <cstdint>
#include <string_view>

namespace exo {

/// Ports and interrupt lines of the first two serial lines of a PC.
inline constexpr std::uint16_t com1_port = 0x3f8;
inline constexpr std::uint16_t com2_port = 0x2f8;
inline constexpr std::uint8_t com1_line = 4;

class Uart {
public:
    static constexpr unsigned fifo_bytes = 16;

    /// 115200 baud, 8 data bits, no parity, FIFOs on, interrupts off. False: no such port.
    bool init(std::uint16_t port);
    bool present() const { return port_ != 0; }

    bool can_read() const;
    char read() const;
    /// Whether the transmit FIFO is empty: fifo_bytes may be written.
    bool can_write() const;
    void write(char byte) const;
    /// Writes and waits for the line as long as it takes; a missing port takes everything.
    void write_all(std::string_view text) const;

    /// Which events interrupt.
    void set_interrupts(bool input, bool output) const;
    /// Reads and so clears the interrupt's cause; false if there was none.
    bool take_interrupt() const;

private:
    std::uint16_t port_ = 0;
};

}  // namespace exo
