// exokernel/driver/uart/uart.cpp - driving a 16550.
#include "exokernel/driver/uart/uart.hpp"

#include "arch/ports.hpp"

namespace exo {
namespace {

using arch::in8;
using arch::out8;

enum Register : std::uint16_t {
    data = 0,              // divisor low while the latch is open
    interrupt_enable = 1,  // divisor high while the latch is open
    interrupt_id = 2,      // read
    fifo_control = 2,      // write
    line_control = 3,
    modem_control = 4,
    line_status = 5,
    scratch = 7,
};

constexpr std::uint8_t status_input = 0x01;
constexpr std::uint8_t status_output_empty = 0x20;

}  // namespace

bool Uart::init(std::uint16_t port) {
    out8(port + scratch, 0x5a);
    if (in8(port + scratch) != 0x5a) return false;
    port_ = port;
    constexpr std::uint8_t latch_open = 0x80;
    constexpr std::uint8_t eight_bits = 0x03;
    out8(port + interrupt_enable, 0);
    out8(port + line_control, latch_open);
    out8(port + data, 1);  // 115200 / 1
    out8(port + interrupt_enable, 0);
    out8(port + line_control, eight_bits);
    out8(port + fifo_control, 0x07);   // on, both cleared, interrupt at every byte
    out8(port + modem_control, 0x0b);  // DTR, RTS, OUT2: interrupts reach the line
    return true;
}

bool Uart::can_read() const { return (in8(port_ + line_status) & status_input) != 0; }
char Uart::read() const { return char(in8(port_ + data)); }
bool Uart::can_write() const { return (in8(port_ + line_status) & status_output_empty) != 0; }
void Uart::write(char byte) const { out8(port_ + data, std::uint8_t(byte)); }

void Uart::write_all(std::string_view text) const {
    if (!present()) return;
    while (!text.empty()) {
        while (!can_write()) {
        }
        for (unsigned i = 0; i < fifo_bytes && !text.empty(); ++i) {
            write(text.front());
            text.remove_prefix(1);
        }
    }
}

void Uart::set_interrupts(bool input, bool output) const {
    out8(port_ + interrupt_enable, std::uint8_t((input ? 1 : 0) | (output ? 2 : 0)));
}

bool Uart::take_interrupt() const {
    constexpr std::uint8_t none_pending = 0x01;
    return (in8(port_ + interrupt_id) & none_pending) == 0;
}

}  // namespace exo
