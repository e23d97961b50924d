// libos/linux/console_file.cpp - the console as a file.
#include "libos/linux/console_file.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "libos/console/console.hpp"
#include "libos/sys/handles.hpp"

namespace libos::linux_abi {

namespace {

constexpr std::uint64_t input_bit = 1;

// The notification that tells of input; null if there is none.
lamina::Handle input_notification() {
    static constinit lamina::Handle bound = lamina::Handle::null;
    if (bound == lamina::Handle::null) {
        auto made = own(sys::notification_create(fixed::account));
        if (made && console().bind(made->get(), input_bit)) bound = made->release();
    }
    return bound;
}

}  // namespace

void write_console(std::span<const std::byte> bytes) {
    console().write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    console().flush();
}

std::size_t read_console(std::span<std::byte> buffer) {
    // The kernel reads into memory that has frames; the program's may have none yet.
    char input[512];
    if (buffer.empty()) return 0;
    for (;;) {
        const auto taken = console().read({input, std::min(sizeof input, buffer.size())});
        if (!taken) return 0;
        if (*taken != 0) {
            std::memcpy(buffer.data(), input, *taken);
            return *taken;
        }
        const auto notification = input_notification();
        if (!sys::notification_wait(notification, input_bit, lamina::wait_forever)) return 0;
    }
}

}  // namespace libos::linux_abi
