// libos/wait/condition.hpp - Condition: a C++ expression over words of memory, as a predicate.
#pragma once

#include <cstdint>

#include "lamina/predicate.hpp"

namespace libos {

/// What a vCPU can sleep until, built by the operators of C++ and evaluated by the kernel:
///
///     const auto ready = word_of(frames, 0), stop = word_of(frames, 8);
///     wait_until(ready >= 3 || stop != 0, deadline_ns);
///
/// Operators on words and conditions alike give one more step each; && and || take both sides.
/// Unsigned, but for signed_less() and signed_less_or_equal(). One that is larger than the kernel
/// takes (4 words, 16 steps) is refused with bad_argument by wait_until(), as fits() tells before.
class Condition {
public:
    /// A number.
    constexpr Condition(std::uint64_t number) {
        code_.constants[0] = number;
        add(lamina::PredicateOp::constant, 0);
        constants_ = 1;
    }

    /// The word at an offset in bytes, a multiple of 8, of page frames that may be read.
    static constexpr Condition word(lamina::Handle frames, std::uint32_t offset) {
        Condition made;
        made.code_.words[0] = {frames, offset};
        made.code_.word_count = 1;
        made.add(lamina::PredicateOp::load, 0);
        return made;
    }

    /// Both one after the other, and a step that takes what they leave.
    static constexpr Condition joined(const Condition& a, const Condition& b,
                                      lamina::PredicateOp op) {
        Condition made = a;
        made.fits_ = a.fits_ && b.fits_;
        for (std::uint32_t i = 0; i < b.code_.step_count; ++i)
            made.append(b, b.code_.steps[i]);
        made.add(op, 0);
        return made;
    }

    constexpr Condition operator!() const {
        Condition made = *this;
        made.add(lamina::PredicateOp::logical_not, 0);
        return made;
    }

    /// Whether it is no larger than the kernel takes.
    constexpr bool fits() const { return fits_; }
    /// What the kernel takes. Needs: fits().
    constexpr const lamina::Predicate& code() const { return code_; }

private:
    constexpr Condition() = default;

    constexpr void add(lamina::PredicateOp op, std::uint32_t index) {
        if (code_.step_count == lamina::predicate_steps_max)
            fits_ = false;
        else
            code_.steps[code_.step_count++] = {op, std::uint8_t(index)};
    }

    /// A step of another one, with its word or number.
    constexpr void append(const Condition& from, lamina::PredicateStep step) {
        std::uint32_t index = 0;
        if (step.op == lamina::PredicateOp::load)
            index = place_of(from.code_.words[step.index]);
        else if (step.op == lamina::PredicateOp::constant)
            index = place_of(from.code_.constants[step.index]);
        add(step.op, index);
    }

    constexpr std::uint32_t place_of(lamina::PredicateWord word) {
        for (std::uint32_t i = 0; i < code_.word_count; ++i)
            if (code_.words[i].frames == word.frames && code_.words[i].offset == word.offset)
                return i;
        if (code_.word_count == lamina::predicate_words_max) {
            fits_ = false;
            return 0;
        }
        code_.words[code_.word_count] = word;
        return code_.word_count++;
    }

    constexpr std::uint32_t place_of(std::uint64_t number) {
        for (std::uint32_t i = 0; i < constants_; ++i)
            if (code_.constants[i] == number) return i;
        if (constants_ == lamina::predicate_depth_max) {
            fits_ = false;
            return 0;
        }
        code_.constants[constants_] = number;
        return constants_++;
    }

    lamina::Predicate code_ = {};
    std::uint32_t constants_ = 0;
    bool fits_ = true;
};

constexpr Condition word_of(lamina::Handle frames, std::uint32_t offset) {
    return Condition::word(frames, offset);
}

#define LAMINA_CONDITION(name, op)                                     \
    constexpr Condition name(const Condition& a, const Condition& b) { \
        return Condition::joined(a, b, lamina::PredicateOp::op);       \
    }
LAMINA_CONDITION(operator+, add)
LAMINA_CONDITION(operator-, subtract)
LAMINA_CONDITION(operator&, bit_and)
LAMINA_CONDITION(operator|, bit_or)
LAMINA_CONDITION(operator^, bit_xor)
LAMINA_CONDITION(operator==, equal)
LAMINA_CONDITION(operator!=, not_equal)
LAMINA_CONDITION(operator<, less)
LAMINA_CONDITION(operator<=, less_or_equal)
LAMINA_CONDITION(operator&&, logical_and)
LAMINA_CONDITION(operator||, logical_or)
LAMINA_CONDITION(signed_less, signed_less)
LAMINA_CONDITION(signed_less_or_equal, signed_less_or_equal)
#undef LAMINA_CONDITION

constexpr Condition operator>(const Condition& a, const Condition& b) { return b < a; }
constexpr Condition operator>=(const Condition& a, const Condition& b) { return b <= a; }

}  // namespace libos
