// tests/guest/contexts.cpp - contexts with known contents, entered, trapped and looked at.
#include "tests/guest/contexts.hpp"

#include <algorithm>

#include "libos/upcall/upcall.hpp"

namespace guest {
namespace {

constexpr std::size_t stack_words = 512;
constexpr std::uint64_t stack_pattern = 0x5afe'5afe'5afe'5afe;

alignas(64) constinit std::array<std::uint64_t, stack_words> stack = {};
constinit std::array<Seen, 2> records = {};
constinit std::size_t record_count = 0;
constinit const std::byte* next_rip = nullptr;

std::uint64_t address(const std::byte* symbol) { return reinterpret_cast<std::uint64_t>(symbol); }

bool record(lamina::VcpuArea& area) {
    Seen& now = records[record_count];
    now = {area.trap, area.trap_vector, area.trap_error, area.trap_address, area.disabled, {}};
    guest_store_vectors(now.vectors);
    const bool last = next_rip == nullptr || ++record_count == records.size();
    if (last) {
        record_count = next_rip == nullptr ? 1 : records.size();
        area.trap.rip = address(guest_leave);
        area.trap.rflags = flags_clear;
    } else {
        area.trap.rip = address(next_rip);
    }
    return true;
}

}  // namespace

lamina::SavedContext pattern_context(std::uint64_t seed, const std::byte* rip,
                                     std::uint64_t rflags) {
    stack.fill(stack_pattern);
    const auto word = [seed](std::uint64_t number) {
        return (seed + number) * 0x9e37'79b9'7f4a'7c15 | 1;
    };
    return {word(0),
            word(1),
            word(2),
            word(3),
            word(4),
            word(5),
            word(6),
            word(7),
            word(8),
            word(9),
            word(10),
            word(11),
            word(12),
            word(13),
            word(14),
            rflags,
            reinterpret_cast<std::uint64_t>(&stack[stack_words / 2]),
            address(rip)};
}

Vectors pattern_vectors(std::uint64_t seed) {
    Vectors made = {};
    std::uint64_t number = 100;
    for (auto& word : made.words)
        word = (seed + number++) * 0x9e37'79b9'7f4a'7c15;
    return made;
}

bool stack_is_untouched() {
    return std::ranges::all_of(stack, [](std::uint64_t word) { return word == stack_pattern; });
}

bool same(const lamina::SavedContext& a, const lamina::SavedContext& b) {
    lamina::SavedContext left = a;
    lamina::SavedContext right = b;
    left.rflags &= ~resume_flag;
    right.rflags &= ~resume_flag;
    const auto* left_words = &left.rax;
    const auto* right_words = &right.rax;
    return std::equal(left_words, left_words + sizeof left / sizeof left.rax, right_words);
}

void hook_exceptions() {
    for (std::uint8_t vector = 0; vector < 32; ++vector)
        libos::set_trap_handler(vector, record);
}

std::span<const Seen> seen() { return {records.data(), record_count}; }

void expect_exceptions(const std::byte* next) {
    record_count = 0;
    next_rip = next;
}

}  // namespace guest
