// exokernel/cpu/predicate.cpp - checking predicates once, and evaluating what was found sound.
#include "exokernel/cpu/predicate.hpp"

namespace exo {
namespace {

using Op = lamina::PredicateOp;

constexpr bool pushes(Op op) { return op <= Op::load; }

constexpr std::uint32_t words_taken(Op op) {
    return pushes(op) ? 0 : op == Op::logical_not ? 1 : 2;
}

/// What a step's index must be below.
std::uint32_t index_limit(Op op, std::uint32_t word_count) {
    if (op == Op::constant) return lamina::predicate_depth_max;
    return op == Op::load ? word_count : 1;
}

std::uint64_t apply(Op op, std::uint64_t a, std::uint64_t b) {
    switch (op) {
        case Op::add: return a + b;
        case Op::subtract: return a - b;
        case Op::bit_and: return a & b;
        case Op::bit_or: return a | b;
        case Op::bit_xor: return a ^ b;
        case Op::equal: return a == b;
        case Op::not_equal: return a != b;
        case Op::less: return a < b;
        case Op::less_or_equal: return a <= b;
        case Op::signed_less: return std::int64_t(a) < std::int64_t(b);
        case Op::signed_less_or_equal: return std::int64_t(a) <= std::int64_t(b);
        case Op::logical_and: return a != 0 && b != 0;
        case Op::logical_or: return a != 0 || b != 0;
        default: return b == 0;  // logical_not
    }
}

}  // namespace

lamina::Result<void> check_predicate(const lamina::Predicate& predicate) {
    const auto unsound = lamina::fail(lamina::Status::bad_argument);
    if (predicate.word_count > lamina::predicate_words_max) return unsound;
    if (predicate.step_count > lamina::predicate_steps_max) return unsound;
    std::uint32_t depth = 0;
    for (std::uint32_t i = 0; i < predicate.step_count; ++i) {
        const auto [op, index] = predicate.steps[i];
        if (std::uint32_t(op) >= lamina::predicate_op_count) return unsound;
        if (index >= index_limit(op, predicate.word_count)) return unsound;
        if (depth < words_taken(op)) return unsound;
        depth += 1 - words_taken(op);
        if (depth > lamina::predicate_depth_max) return unsound;
    }
    if (depth != 1) return unsound;
    return {};
}

bool predicate_holds(const lamina::Predicate& predicate, const std::uint64_t* const* words) {
    std::uint64_t stack[lamina::predicate_depth_max];
    std::uint32_t depth = 0;
    for (std::uint32_t i = 0; i < predicate.step_count; ++i) {
        const auto [op, index] = predicate.steps[i];
        std::uint64_t made;
        if (op == Op::constant) {
            made = predicate.constants[index];
        } else if (op == Op::load) {
            // Others write it at any moment: read once, and what they wrote before it is seen too.
            made = __atomic_load_n(words[index], __ATOMIC_ACQUIRE);
        } else {
            const std::uint64_t b = stack[--depth];
            const std::uint64_t a = op == Op::logical_not ? 0 : stack[--depth];
            made = apply(op, a, b);
        }
        stack[depth++] = made;
    }
    return stack[0] != 0;
}

}  // namespace exo
