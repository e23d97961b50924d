// exokernel/cpu/slices.hpp - SliceVector: the time slices of one CPU and the vCPUs that own them.
#pragma once

#include <cstdint>

#include "exokernel/cap/capability.hpp"
#include "lamina/result.hpp"
#include "lamina/slice.hpp"
#include "lamina/stats.hpp"

namespace exo {

class SliceVector;
struct Account;
struct CpuLocal;
struct Vcpu;

/// How long a slice is unless it is set.
inline constexpr std::uint64_t slice_ns_default = 10'000'000;
using lamina::slice_ns_max;

/// A position in the slice vector of a CPU. A vCPU has one of its own, and others may be bound to
/// it: objects that take a page frame each. All are of the vCPU's home.
struct Slice : Object {
    Vcpu* vcpu;           ///< Whose it is; null: nobody's, and never ready.
    Slice* next;          ///< Of the same vCPU; its own is the first.
    SliceVector* vector;  ///< Null: it has no position.
    CpuLocal* home;       ///< Whose vector that is.
    Account* payer;       ///< Whose quota of slices it is out of.
    std::uint32_t position;
    std::uint64_t length_ns;
    std::uint64_t excess_ns;  ///< Used after its ends: the next ones are shorter by it.
    std::uint64_t used_ns;    ///< In which somebody ran.
};

/// Slices in time order. The CPU goes round the vector; slices whose vCPU is not ready are skipped.
class SliceVector {
public:
    static constexpr std::uint32_t capacity = lamina::slices_per_cpu_max;

    /// Where the vector is shown to user space; null: nowhere.
    void show_in(lamina::SliceRows* rows) { rows_ = rows; }
    /// Shows the slice's length, and that it is of the environment of that id; 0: nobody's.
    void show(const Slice& slice, std::uint64_t env_id);

    std::uint32_t used() const { return used_; }
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
    /// The slice is skipped until set_ready() or resume_lapsed().
    void set_lapsed(const Slice& slice);
    /// Every lapsed slice is ready again. Whether there are any.
    bool resume_lapsed();
    /// Whether its owner could run in it, if it had not lapsed.
    bool wanted(const Slice& slice) const;

    /// Goes on to the next slice that is ready; null if there is none. O(capacity / 64).
    Slice* next();
    /// Whether a slice other than this one is ready.
    bool others_ready(const Slice& slice) const;

private:
    static constexpr std::uint32_t words = capacity / 64;

    lamina::SliceRows* rows_ = nullptr;
    Slice* slices_[capacity] = {};
    std::uint64_t ready_[words] = {};
    std::uint64_t lapsed_[words] = {};  ///< Since they were waiting; may be ready again.
    std::uint32_t used_ = 0;
    std::uint32_t position_ = 0;
    std::uint32_t search_from_ = 0;
};

}  // namespace exo
