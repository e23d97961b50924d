// tests/unit/libos/linux/signals_test.cpp - which signals wait, are blocked, taken, and where their
// frames go.
#include "libos/linux/signals.hpp"

#include "doctest/doctest.h"

namespace abi = libos::linux_abi;
using abi::Errno;
using abi::SignalAction;
using abi::SignalInfo;
using abi::Signals;

namespace {

constexpr std::int32_t user1 = 10;
constexpr std::int32_t user2 = 12;
constexpr std::int32_t child = 17;
constexpr std::uint64_t handler = 0x40'1000;

SignalInfo info(std::int32_t signal, std::int32_t code = 0) {
    SignalInfo made = {};
    made.signal = signal;
    made.code = code;
    return made;
}

}  // namespace

TEST_CASE("a signal waits until it is taken, the lowest number first") {
    Signals signals;
    signals.raise(info(user2));
    signals.raise(info(user1));
    CHECK(signals.ready());
    CHECK(signals.take()->signal == user1);
    CHECK(signals.take()->signal == user2);
    CHECK_FALSE(signals.ready());
    CHECK_FALSE(signals.take());
}

TEST_CASE("a signal that waits already keeps its first reason") {
    Signals signals;
    signals.raise(info(user1, 1));
    signals.raise(info(user1, 2));
    CHECK(signals.take()->code == 1);
    CHECK_FALSE(signals.take());
}

TEST_CASE("a blocked signal is not taken before it is unblocked") {
    Signals signals;
    signals.set_blocked(abi::signal_bit(user1));
    signals.raise(info(user1));
    CHECK_FALSE(signals.ready());
    CHECK_FALSE(signals.take());
    CHECK(signals.waiting() == abi::signal_bit(user1));
    signals.set_blocked(0);
    CHECK(signals.take()->signal == user1);
}

TEST_CASE("KILL and STOP are never blocked, by the mask or by an action") {
    Signals signals;
    signals.set_blocked(~std::uint64_t{0});
    CHECK(signals.blocked() == ~Signals::unblockable);
    signals.set_blocked(0);
    signals.set_action(user1, {handler, 0, 0, ~std::uint64_t{0}});
    (void)signals.begin(user1);
    CHECK(signals.blocked() == ~Signals::unblockable);
}

TEST_CASE("an ignored signal does not wait, unless it is blocked") {
    Signals signals;
    signals.set_action(user1, {abi::handler_ignore, 0, 0, 0});
    signals.raise(info(user1));
    signals.raise(info(child));
    CHECK(signals.waiting() == 0);
    signals.set_blocked(abi::signal_bit(user1));
    signals.raise(info(user1));
    CHECK(signals.waiting() == abi::signal_bit(user1));
}

TEST_CASE("a waiting signal that becomes ignored is forgotten, one that is handled is not") {
    Signals signals;
    signals.set_blocked(~std::uint64_t{0});
    signals.raise(info(user1));
    signals.raise(info(user2));
    signals.raise(info(child));
    signals.set_action(user1, {abi::handler_ignore, 0, 0, 0});
    signals.set_action(user2, {handler, 0, 0, 0});
    signals.set_action(child, {abi::handler_default, 0, 0, 0});
    CHECK(signals.waiting() == abi::signal_bit(user2));
}

TEST_CASE("a handler takes an exception unless its signal is blocked, ignored or left alone") {
    Signals signals;
    CHECK_FALSE(signals.handles(abi::signal_segment));
    signals.set_action(abi::signal_segment, {abi::handler_ignore, 0, 0, 0});
    CHECK_FALSE(signals.handles(abi::signal_segment));
    signals.set_action(abi::signal_segment, {handler, 0, 0, 0});
    CHECK(signals.handles(abi::signal_segment));
    signals.set_blocked(abi::signal_bit(abi::signal_segment));
    CHECK_FALSE(signals.handles(abi::signal_segment));
}

TEST_CASE("while a handler runs its mask is blocked, and itself unless it says no") {
    Signals signals;
    signals.set_blocked(abi::signal_bit(1));
    signals.set_action(user1, {handler, 0, 0, abi::signal_bit(user2)});
    CHECK(signals.begin(user1).handler == handler);
    CHECK(signals.blocked() ==
          (abi::signal_bit(1) | abi::signal_bit(user1) | abi::signal_bit(user2)));
    signals.set_blocked(0);
    signals.set_action(user1, {handler, abi::action_no_defer, 0, 0});
    (void)signals.begin(user1);
    CHECK(signals.blocked() == 0);
}

TEST_CASE("an action for one time is over when it begins") {
    Signals signals;
    signals.set_action(user1, {handler, abi::action_reset, 0, 0});
    CHECK(signals.begin(user1).handler == handler);
    CHECK(signals.action(user1).handler == abi::handler_default);
}

TEST_CASE("an alternate stack is checked, told and given up") {
    Signals signals;
    CHECK(signals.stack(0).flags == abi::signal_stack_disabled);
    CHECK(signals.set_stack({0x1000, 8, 0, 0x1000}, 0).error() == Errno::einval);
    CHECK(signals.set_stack({0x1000, 0, 0, 2047}, 0).error() == Errno::enomem);
    REQUIRE(signals.set_stack({0x1000, 0, 0, 2048}, 0));
    CHECK(signals.stack(0x1000).flags == 0);
    CHECK(signals.stack(0x1001).flags == abi::signal_stack_in_use);
    CHECK(signals.stack(0x1800).flags == abi::signal_stack_in_use);
    CHECK(signals.stack(0x1801).flags == 0);
    CHECK(signals.set_stack({0x1000, abi::signal_stack_disabled, 0, 0}, 0x1800).error() ==
          Errno::eperm);
    CHECK(signals.stack(0).address == 0x1000);
    REQUIRE(signals.set_stack({0x1000, abi::signal_stack_disabled, 0, 0}, 0x5000));
    CHECK(signals.stack(0).flags == abi::signal_stack_disabled);
    CHECK(signals.stack(0).address == 0);
}

TEST_CASE("a frame lies below the red zone, or on the alternate stack if the action wants that") {
    Signals signals;
    const SignalAction plain = {handler, 0, 0, 0};
    const SignalAction elsewhere = {handler, abi::action_on_stack, 0, 0};
    CHECK(signals.place(elsewhere, 0x9000).end == 0x9000 - 128);
    REQUIRE(signals.set_stack({0x1000, 0, 0, 0x1000}, 0));
    CHECK(signals.place(plain, 0x9000).end == 0x9000 - 128);
    CHECK(signals.place(plain, 0x9000).lowest == 0);
    CHECK(signals.place(elsewhere, 0x9000).end == 0x2000);
    CHECK(signals.place(elsewhere, 0x9000).lowest == 0x1000);
    // Already there: below what runs, and still not below the stack.
    CHECK(signals.place(elsewhere, 0x1c00).end == 0x1c00 - 128);
    CHECK(signals.place(elsewhere, 0x1c00).lowest == 0x1000);
}

TEST_CASE("a stack that disarms itself is gone when a handler has been told of it") {
    Signals signals;
    REQUIRE(signals.set_stack({0x1000, abi::signal_stack_disarm, 0, 0x1000}, 0));
    CHECK(signals.stack(0x1800).flags == abi::signal_stack_disarm);
    signals.disarm_stack();
    CHECK(signals.stack(0).flags == abi::signal_stack_disabled);
    REQUIRE(signals.set_stack({0x1000, 0, 0, 0x1000}, 0));
    signals.disarm_stack();
    CHECK(signals.stack(0).bytes == 0x1000);
}
