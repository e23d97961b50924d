// tests/sim/choices.hpp - Choices: where a simulated run takes its decisions from.
#pragma once

#include <cstdint>
#include <span>

#include "tests/mutation/mutation.hpp"

namespace sim {

/// Decisions from a seed, or from bytes as long as there are some (for a fuzzer). The same seed or
/// bytes give the same decisions on every machine.
class Choices {
public:
    explicit Choices(std::uint64_t seed) : random_(seed) {}
    explicit Choices(std::span<const std::uint8_t> bytes)
        : random_(0), bytes_(bytes), from_bytes_(true) {}

    std::uint64_t next() { return from_bytes_ ? take(8) : random_.next(); }
    /// A number below `bound` (> 0).
    std::uint64_t below(std::uint64_t bound) {
        if (!from_bytes_) return random_.below(bound);
        return take(bound <= 1U << 8 ? 1 : bound <= 1U << 16 ? 2 : 8) % bound;
    }
    bool percent(unsigned chance) { return below(100) < chance; }
    template <typename Container>
    auto& one_of(Container& from) {
        return from[below(std::size(from))];
    }

    /// Whether the bytes are used up; never with a seed.
    bool ended() const { return from_bytes_ && bytes_.empty(); }

private:
    std::uint64_t take(unsigned count) {
        if (bytes_.empty()) return random_.next();
        std::uint64_t value = 0;
        for (; count != 0 && !bytes_.empty(); --count) {
            value = value << 8 | bytes_.front();
            bytes_ = bytes_.subspan(1);
        }
        return value;
    }

    mutation::Random random_;
    std::span<const std::uint8_t> bytes_;
    bool from_bytes_ = false;
};

}  // namespace sim
