// tests/mutation/mutation.hpp - seeded damage to binary files, the same on every machine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace mutation {

/// A small generator of pseudo-random numbers (SplitMix64): one seed, one sequence.
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

    constexpr std::uint64_t next() {
        state_ += 0x9e37'79b9'7f4a'7c15;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
        z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
        return z ^ (z >> 31);
    }

    /// A number below `bound` (> 0).
    constexpr std::uint64_t below(std::uint64_t bound) { return next() % bound; }

private:
    std::uint64_t state_;
};

/// Where a file keeps its structure: bytes [0, header_bytes), then records.
struct Shape {
    std::size_t header_bytes;
    std::size_t records_offset;
    std::size_t record_bytes;
    std::size_t record_count;
};

/// Values that checks tend to miss: around powers of two, page sizes, the bounds of the user half.
inline constexpr std::uint64_t extremes[] = {
    0,
    1,
    0xfff,
    0x1000,
    0x1001,
    0x7fff'ffff,
    0x8000'0000,
    0xffff'ffff,
    0x1'0000'0000,
    0x7fff'ffff'f000,
    0x7fff'ffff'ffff,
    0x8000'0000'0000,
    0xffff'8000'0000'0000,
    0xffff'ffff'8000'0000,
    0x7fff'ffff'ffff'ffff,
    0xffff'ffff'ffff'f000,
    0xffff'ffff'ffff'ffff,
};

namespace detail {

/// An offset in the header or in a record, a multiple of four as all fields are.
inline std::size_t field(Random& random, const Shape& shape) {
    if (shape.record_count == 0 || random.below(3) == 0)
        return random.below(shape.header_bytes / 4) * 4;
    return shape.records_offset + random.below(shape.record_count) * shape.record_bytes +
           random.below(shape.record_bytes / 4) * 4;
}

inline void put(std::span<std::byte> file, std::size_t offset, std::uint64_t value,
                std::size_t bytes) {
    if (offset <= file.size() && bytes <= file.size() - offset)
        std::memcpy(file.data() + offset, &value, bytes);
}

/// Adds a small signed number to a field: lengths off by one, pages that overlap.
inline void nudge(Random& random, std::span<std::byte> file, std::size_t offset) {
    std::uint64_t value = 0;
    if (offset > file.size() || sizeof value > file.size() - offset) return;
    std::memcpy(&value, file.data() + offset, sizeof value);
    constexpr std::uint64_t steps[] = {1, 8, 0x100, 0xfff, 0x1000, 0x2000, 0x10'0000};
    const auto step = steps[random.below(std::size(steps))];
    value = random.below(2) == 0 ? value + step : value - step;
    std::memcpy(file.data() + offset, &value, sizeof value);
}

/// Copies one record over another: two of a name, two segments in one place.
inline void repeat_record(Random& random, std::span<std::byte> file, const Shape& shape) {
    if (shape.record_count == 0) return;
    const auto from = shape.records_offset + random.below(shape.record_count) * shape.record_bytes;
    const auto to = shape.records_offset + random.below(shape.record_count) * shape.record_bytes;
    if (std::max(from, to) + shape.record_bytes <= file.size())
        std::memmove(file.data() + to, file.data() + from, shape.record_bytes);
}

}  // namespace detail

/// Damages `file` in place in one to three ways; the length that is left (truncation is one way).
inline std::size_t damage(Random& random, std::span<std::byte> file, const Shape& shape) {
    auto length = file.size();
    const auto times = 1 + random.below(3);
    for (std::uint64_t i = 0; i < times; ++i) {
        const auto rest = file.first(length);
        if (rest.empty()) break;
        switch (random.below(8)) {
            case 0: length = random.below(length); break;
            case 1: length = random.below(std::min<std::size_t>(length, 512)); break;
            case 2: rest[random.below(length)] ^= std::byte(1U << random.below(8)); break;
            case 3: detail::put(rest, detail::field(random, shape), random.below(256), 1); break;
            case 4:
                detail::put(rest, detail::field(random, shape),
                            extremes[random.below(std::size(extremes))], 4);
                break;
            case 5:
                detail::put(rest, detail::field(random, shape),
                            extremes[random.below(std::size(extremes))], 8);
                break;
            case 6: detail::nudge(random, rest, detail::field(random, shape)); break;
            default: detail::repeat_record(random, rest, shape); break;
        }
    }
    return length;
}

}  // namespace mutation
