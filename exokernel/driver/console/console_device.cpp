// exokernel/driver/console/console_device.cpp - moving bytes between the buffers and the line.
#include "exokernel/driver/console/console_device.hpp"

namespace exo {

constinit ConsoleDevice console_device;

void ConsoleDevice::init(const ScreenMode& mode) {
    screen_.init(mode);
    if (!line_.init(com1_port)) return;
    line_.write_all("\x1b]0;Lamina\a");
    update_interrupts();
}

void ConsoleDevice::write(std::string_view text) {
    screen_.write(text);
    if (!line_.present()) return;
    for (char c : text)
        output_.push(c);
    pump_output();
    update_interrupts();
}

void ConsoleDevice::read(char* to, std::uint32_t bytes) {
    for (std::uint32_t i = 0; i < bytes; ++i)
        to[i] = input_.pop();
    if (bytes == 0) return;
    pump_input();
    update_interrupts();
}

bool ConsoleDevice::interrupt() {
    const std::uint32_t before = input_.used();
    while (line_.take_interrupt()) {
        pump_input();
        pump_output();
        update_interrupts();
        if (input_.room() == 0) break;
    }
    return input_.used() != before;
}

void ConsoleDevice::drain() {
    while (output_.used() != 0)
        pump_output();
}

void ConsoleDevice::pump_input() {
    while (input_.room() != 0 && line_.can_read())
        input_.push(line_.read());
}

void ConsoleDevice::pump_output() {
    while (output_.used() != 0 && line_.can_write())
        for (unsigned i = 0; i < Uart::fifo_bytes && output_.used() != 0; ++i)
            line_.write(output_.pop());
}

void ConsoleDevice::update_interrupts() {
    line_.set_interrupts(input_.room() != 0, output_.used() != 0);
}

}  // namespace exo
