// tests/ring0/attacks.hpp - the attacks of the test-only kernel, by the name that `attack=` gives.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ring0 {

/// Tries something that must not work. Coming back means that it did.
struct Attack {
    std::string_view name;
    void (*run)();
};

std::span<const Attack> memory_attacks();
std::span<const Attack> trap_attacks();
std::span<const Attack> lock_attacks();

/// Raises an exception vector the way the processor would, with error code 0x1234 where it has one.
/// Not for the double fault, whose stack only the processor finds.
void raise_vector(unsigned vector);

/// Writes the address an attack is about to use to the log, so that the test knows it.
void announce(std::uint64_t address);

/// Ends the machine: what was tried is allowed, and did what it should.
[[noreturn]] void pass(std::string_view what);

}  // namespace ring0
