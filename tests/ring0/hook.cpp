// tests/ring0/hook.cpp - runs the attack that the command line names.
#include "exokernel/boot/hooks.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/driver/power/power.hpp"
#include "tests/ring0/attacks.hpp"

namespace ring0 {
namespace {

/// What follows `key` in a word of the line; empty if there is no such word.
std::string_view value_of(std::string_view line, std::string_view key) {
    const auto start = line.find(key);
    if (start == std::string_view::npos) return {};
    line.remove_prefix(start + key.size());
    return line.substr(0, line.find(' '));
}

unsigned number(std::string_view digits) {
    unsigned value = 0;
    for (char c : digits)
        value = value * 10 + unsigned(c - '0');
    return value;
}

}  // namespace

void announce(std::uint64_t address) { exo::log("ring0", "target ", exo::Hex{address}); }

void pass(std::string_view what) {
    exo::log("ring0", "passed: ", what);
    exo::log("power", "off, status 0");
    exo::power_off();
}

void run(std::string_view name) {
    for (const auto attacks : {memory_attacks(), trap_attacks(), lock_attacks()})
        for (const Attack& attack : attacks)
            if (attack.name == name) {
                attack.run();
                exo::panic("attack ", name, " was not stopped");
            }
    exo::panic("no attack ", name);
}

}  // namespace ring0

void exo::boot::before_user_mode(std::string_view command_line) {
    if (const auto name = ring0::value_of(command_line, "attack="); !name.empty()) ring0::run(name);
    if (const auto vector = ring0::value_of(command_line, "vector="); !vector.empty()) {
        ring0::raise_vector(ring0::number(vector));
        exo::panic("vector ", vector, " came back");
    }
}
