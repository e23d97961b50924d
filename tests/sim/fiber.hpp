// tests/sim/fiber.hpp - Fiber: a flow of control with a stack of its own, for one simulated CPU.
#pragma once

#include <cstddef>
#include <memory>

namespace sim {

/// Runs only inside resume(), and gives control back by pause(). One that is started again, or
/// destroyed, is abandoned where it stands: what it has on its stack is not destroyed.
class Fiber {
public:
    static constexpr std::size_t stack_bytes = 256 * 1024;
    using Body = void (*)(void* argument);

    Fiber();

    /// Prepares to call `body`, which must not return.
    void start(Body body, void* argument);
    /// Goes on in the fiber until it pauses. Needs: not inside a fiber.
    void resume();
    /// Goes back to where resume() was called. Needs: inside this fiber.
    void pause();

private:
    static void run();

    std::unique_ptr<std::byte[]> stack_;
    void* inside_ = nullptr;   ///< The fiber's stack pointer while it pauses.
    void* outside_ = nullptr;  ///< The caller's while it runs.
    Body body_ = nullptr;
    void* argument_ = nullptr;
};

}  // namespace sim
