// libos/vcpu/vcpu.hpp - Vcpu: one more vCPU of the app, which runs the functions it is given.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "lamina/result.hpp"
#include "lamina/rights.hpp"
#include "lamina/vcpu.hpp"

namespace libos {

/// A vCPU with an area, an upcall stack and a stack of its own, below which lies an unmapped page.
/// It runs one function after the other and sleeps in between. It is there until the app ends.
/// What the libOS offers is for one vCPU at a time, but for system calls, vcpu_area() and what says
/// otherwise.
class Vcpu {
public:
    using Function = void (*)(void* argument);

    /// Makes one on the CPU of that index, at the expense of the account, asleep. Needs:
    /// start_upcalls(). Errors: those of vcpu_create, notification_create, frames_alloc and
    /// frames_map; limit_reached (no address space left).
    static lamina::Result<Vcpu*> create(lamina::Handle account, std::uint64_t cpu);

    /// Has it run a function. Needs: it is not busy(). From one vCPU at a time.
    void run(Function function, void* argument);

    /// Whether it runs a function that has not returned. What the function wrote is seen by who saw
    /// that it has. From any vCPU.
    bool busy() const { return busy_.load(std::memory_order_acquire); }

    /// Gives up the CPU until it is not busy.
    void join() const;

    lamina::Handle handle() const { return handle_; }
    lamina::VcpuArea& area() { return area_; }

private:
    static constexpr std::size_t upcall_stack_bytes = 16384;
    static constexpr std::size_t stack_bytes = 32768;
    static constexpr std::uint64_t pages = 14;

    [[noreturn]] static void main(Vcpu* self);
    [[noreturn]] void serve();

    lamina::VcpuArea area_;  // First: GS base points to it, and it is aligned to 64 bytes.
    lamina::Handle handle_;
    lamina::Handle wake_;  // A notification.
    std::atomic<bool> busy_;
    Function function_;
    void* argument_;
};

}  // namespace libos
