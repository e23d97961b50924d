// exokernel/env/console.cpp - the console object and its notification of input.
#include "exokernel/env/console.hpp"

#include "exokernel/env/env.hpp"

namespace exo {

Console console = {{ObjectType::console, 0, 1}, nullptr, 0, nullptr};

void Console::bind(const Env& env, Notification* notification, std::uint64_t bits) {
    binder = notification != nullptr ? &env : nullptr;
    if (notification != nullptr) ++notification->references;
    if (input_notification != nullptr) release_object(*input_notification);
    input_notification = notification;
    input_bits = bits;
}

void Console::forget(const Env& env) {
    if (binder == &env) bind(env, nullptr, 0);
}

void Console::input_arrived() {
    if (input_notification != nullptr) input_notification->signal(input_bits);
}

}  // namespace exo
