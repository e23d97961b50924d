// tests/fuzz/predicate_fuzz.cpp - a predicate that is let through is evaluated as it is written
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "exokernel/cpu/predicate.hpp"

namespace {

using Op = lamina::PredicateOp;

/// Evaluates from the last step backwards: what a step takes are the values of the steps before it.
/// Aborts when there is none.
class Backwards {
public:
    Backwards(const lamina::Predicate& predicate, const std::uint64_t* const* words)
        : predicate_(predicate), words_(words), left_(predicate.step_count) {}

    std::uint64_t value() {
        if (left_ == 0) std::abort();
        const auto [op, index] = predicate_.steps[--left_];
        if (op == Op::constant) return predicate_.constants[index];
        if (op == Op::load) {
            if (index >= predicate_.word_count) std::abort();
            return *words_[index];
        }
        const std::uint64_t b = value();
        if (op == Op::logical_not) return b == 0 ? 1 : 0;
        return combined(op, value(), b);
    }

    /// Whether every step was used.
    bool done() const { return left_ == 0; }

private:
    static std::uint64_t combined(Op op, std::uint64_t a, std::uint64_t b) {
        const std::uint64_t sign = std::uint64_t{1} << 63;
        switch (op) {
            case Op::add: return a + b;
            case Op::subtract: return a + ~b + 1;
            case Op::bit_and: return a & b;
            case Op::bit_or: return a | b;
            case Op::bit_xor: return a ^ b;
            case Op::equal: return a == b ? 1 : 0;
            case Op::not_equal: return a == b ? 0 : 1;
            case Op::less: return a < b ? 1 : 0;
            case Op::less_or_equal: return b < a ? 0 : 1;
            case Op::signed_less: return (a ^ sign) < (b ^ sign) ? 1 : 0;
            case Op::signed_less_or_equal: return (b ^ sign) < (a ^ sign) ? 0 : 1;
            case Op::logical_and: return a == 0 ? 0 : b == 0 ? 0 : 1;
            case Op::logical_or: return (a | b) == 0 ? 0 : 1;
            default: std::abort();
        }
    }

    const lamina::Predicate& predicate_;
    const std::uint64_t* const* words_;
    std::uint32_t left_;
};

void evaluate(const lamina::Predicate& predicate) {
    if (!exo::check_predicate(predicate)) return;
    std::uint64_t memory[lamina::predicate_words_max];
    std::memcpy(memory, predicate.words, sizeof predicate.words);
    const std::uint64_t* const words[] = {&memory[0], &memory[1], &memory[2], &memory[3]};
    Backwards expected(predicate, words);
    const bool holds = expected.value() != 0;
    if (!expected.done() || exo::predicate_holds(predicate, words) != holds) std::abort();
}

/// The input with its numbers brought into bounds, so that more of it is let through.
lamina::Predicate tamed(lamina::Predicate predicate) {
    predicate.word_count %= lamina::predicate_words_max + 1;
    predicate.step_count %= lamina::predicate_steps_max + 1;
    for (lamina::PredicateStep& step : predicate.steps) {
        step.op = Op(std::uint8_t(step.op) % lamina::predicate_op_count);
        step.index = step.op <= Op::load ? step.index % lamina::predicate_words_max : 0;
    }
    return predicate;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lamina::Predicate predicate = {};
    std::memcpy(&predicate, data, size < sizeof predicate ? size : sizeof predicate);
    evaluate(predicate);
    evaluate(tamed(predicate));
    return 0;
}
