// exokernel/driver/console/console_device.hpp - ConsoleDevice: the first serial line and the
// screen.
#pragma once

#include <cstdint>
#include <string_view>

#include "exokernel/driver/console/ring.hpp"
#include "exokernel/driver/screen/screen.hpp"
#include "exokernel/driver/uart/uart.hpp"

namespace exo {

/// Buffers both ways; the interrupt moves bytes between the buffers and the line. When the input
/// buffer is full the rest stays in the UART, whose other end then has to wait: nothing is lost.
class ConsoleDevice {
public:
    /// Takes the line over: announces itself with the escape sequence that sets a terminal's title.
    void init(const ScreenMode& mode);

    std::uint32_t output_room() const { return output_.room(); }
    /// Needs: output_room() for all of it.
    void write(std::string_view text);

    std::uint32_t input_waiting() const { return input_.used(); }
    /// Needs: input_waiting() for all of it.
    void read(char* to, std::uint32_t bytes);

    /// Handles the line's interrupt; true if input arrived.
    bool interrupt();
    /// Sends all output that is still buffered, waiting for the line.
    void drain();

private:
    void pump_input();
    void pump_output();
    void update_interrupts();

    Uart line_;
    Screen screen_;
    ByteRing<1024> input_;
    ByteRing<8192> output_;
};

extern ConsoleDevice console_device;

}  // namespace exo
