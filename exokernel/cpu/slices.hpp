// exokernel/cpu/slices.hpp - SliceVector: the time slices of one CPU and the vCPUs that own them.
#pragma once

#include <cstdint>

#include "lamina/info.hpp"
#include "lamina/result.hpp"

namespace exo {

class SliceVector;
struct Vcpu;

/// How long a slice is unless it is set.
inline constexpr std::uint64_t slice_ns_default = 10'000'000;

/// A position in the slice vector of a CPU.
struct Slice {
    Vcpu* vcpu;           ///< Whose it is.
    SliceVector* vector;  ///< Null: it has no position.
    std::uint32_t position;
    std::uint64_t length_ns;
    std::uint64_t excess_ns;  ///< Used after its ends: the next ones are shorter by it.
};

/// Slices in time order. The CPU goes round the vector; slices whose vCPU is not ready are skipped.
class SliceVector {
public:
    static constexpr std::uint32_t capacity = lamina::env_count_max;

    /// Whether every position is taken.
    bool full() const { return used_ == capacity; }
    /// Gives a slice a free position, not ready. Errors: limit_reached.
    lamina::Result<void> attach(Slice& slice);
    /// Frees the position. Needs: attached here.
    void detach(Slice& slice);

    /// The slice counts from its next turn on.
    void set_ready(const Slice& slice);
    /// The slice is skipped until set_ready().
    void set_waiting(const Slice& slice);

    /// Goes on to the next slice that is ready; null if there is none. O(capacity / 64).
    Slice* next();
    /// Whether a slice other than this one is ready.
    bool others_ready(const Slice& slice) const;

private:
    static constexpr std::uint32_t words = capacity / 64;

    Slice* slices_[capacity] = {};
    std::uint64_t ready_[words] = {};
    std::uint32_t used_ = 0;
    std::uint32_t position_ = 0;
    std::uint32_t search_from_ = 0;
};

}  // namespace exo
