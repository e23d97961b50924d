// include/lamina/predicate.hpp - Predicate: what a vCPU sleeps until, as a small program over
// words.
#pragma once

#include <cstdint>

#include "lamina/rights.hpp"

namespace lamina {

/// A step of a predicate, on a stack of 64-bit words. `a` is below `b`, the top one; comparisons
/// and the logical steps give 1 or 0.
enum class PredicateOp : std::uint8_t {
    constant,              ///< Pushes constants[index].
    load,                  ///< Pushes the word of words[index], as it is in that moment.
    add,                   ///< a + b
    subtract,              ///< a - b
    bit_and,               ///< a & b
    bit_or,                ///< a | b
    bit_xor,               ///< a ^ b
    equal,                 ///< a == b
    not_equal,             ///< a != b
    less,                  ///< a < b
    less_or_equal,         ///< a <= b
    signed_less,           ///< a < b, in two's complement
    signed_less_or_equal,  ///< a <= b, in two's complement
    logical_and,           ///< a != 0 && b != 0
    logical_or,            ///< a != 0 || b != 0
    logical_not,           ///< b == 0; takes one word
};
inline constexpr std::uint32_t predicate_op_count = 16;

struct PredicateStep {
    PredicateOp op;
    std::uint8_t index;  ///< Of constant and load; 0 with the others.
};

/// A word of memory, by a capability with the right `read`.
struct PredicateWord {
    Handle frames;
    std::uint32_t offset;  ///< In bytes from the capability's first page, a multiple of 8.
};

inline constexpr std::uint32_t predicate_words_max = 4;
inline constexpr std::uint32_t predicate_steps_max = 16;
/// No program of 16 steps that leaves one word needs more on the stack, or more constants.
inline constexpr std::uint32_t predicate_depth_max = 8;

/// It holds if its steps, from the first on, leave a word that is not 0, and that alone.
struct Predicate {
    std::uint32_t word_count;
    std::uint32_t step_count;
    PredicateStep steps[predicate_steps_max];
    std::uint64_t constants[predicate_depth_max];
    PredicateWord words[predicate_words_max];
};
static_assert(sizeof(Predicate) == 136);

}  // namespace lamina
