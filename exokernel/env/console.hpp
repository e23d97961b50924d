// exokernel/env/console.hpp - Console: the object through which environments use the console
// device.
#pragma once

#include "exokernel/cpu/notification.hpp"

namespace exo {

/// The one console. The environment that holds the read right takes its input; whoever holds the
/// write right puts output. Bytes are not interpreted.
struct Console : Object {
    Notification* input_notification;
    std::uint64_t input_bits;
    const Env* binder;

    /// Replaces the notification of input; null for none.
    void bind(const Env& env, Notification* notification, std::uint64_t bits);
    /// Undoes the binding of an environment that ends.
    void forget(const Env& env);
    /// Tells the bound notification that input is there. Called by the device's interrupt.
    void input_arrived();
};

extern Console console;

}  // namespace exo
