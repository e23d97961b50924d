// libos/console/console.hpp - the console: text out, buffered by line, and bytes in.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "lamina/result.hpp"
#include "lamina/rights.hpp"
#include "libos/text/text.hpp"

namespace libos {

/// Output is kept until a line ends, the buffer is full or flush() is called, and goes out whole:
/// when the kernel's buffer is full, writing waits. Without a console capability text is dropped.
class Console final : public TextSink {
public:
    constexpr explicit Console(lamina::Handle handle) : handle_(handle) {}

    void write(std::string_view text) override;
    void flush();

    /// Takes input that is there already, up to the size of `buffer`; 0 if there is none.
    /// Errors: those of console_read.
    lamina::Result<std::size_t> read(std::span<char> buffer);

    /// Names the notification bits that are set when input arrives. Errors: those of console_bind.
    lamina::Result<void> bind(lamina::Handle notification, std::uint64_t bits);

private:
    lamina::Handle handle_;
    std::size_t used_ = 0;
    char buffer_[1024] = {};
};

/// The app's console, the capability in the fixed slot.
Console& console();

/// Writes the parts to the app's console.
template <typename... Parts>
void print(const Parts&... parts) {
    put(console(), parts...);
}

}  // namespace libos
