// exokernel/driver/log_port/log_port.cpp - the serial line that the kernel log goes to.
#include "exokernel/driver/log_port/log_port.hpp"

#include <atomic>
#include <string_view>

#include "exokernel/core/after_init.hpp"
#include "exokernel/core/log.hpp"
#include "exokernel/driver/uart/uart.hpp"
#include "exokernel/lock/lock_order.hpp"

namespace exo {
namespace {

/// Guards the serial line while a line is written. Innermost: everything may log.
struct LogLock {
    static constexpr Rank rank = step<9>(Rank::scheduler);
    static constexpr auto name = "log";
};

LAMINA_AFTER_INIT constinit Uart port;
constinit RankedLock<LogLock> port_lock;
std::atomic<bool> writing{false};

void put(std::string_view line) {
    port.write_all(line);
    port.write_all("\r\n");
}

}  // namespace

void log_line(std::string_view line) {
    port_lock.lock();
    writing.store(true, std::memory_order_relaxed);
    put(line);
    writing.store(false, std::memory_order_relaxed);
    port_lock.unlock();
}

/// An NMI or a fault may come while a line is being written: that one is ended first.
void log_line_now(std::string_view line) {
    if (writing.load(std::memory_order_relaxed)) put("");
    put(line);
}

void start_log_port() { port.init(com2_port); }

}  // namespace exo
