// exokernel/cpu/slices.hpp - SliceVector: the time slices of one CPU and the vCPUs that own them.
#pragma once

#include <cstdint>

#include "exokernel/cpu/vcpu.hpp"
#include "lamina/info.hpp"
#include "lamina/result.hpp"
#include "lamina/syscalls.hpp"

namespace exo {

struct CpuLocal;

/// Slices in time order. Each names the vCPU that owns it, or nobody. The CPU goes round the
/// vector; slices whose vCPU is not ready are skipped.
class SliceVector {
public:
    static constexpr std::uint32_t capacity = lamina::env_count_max;
    static constexpr std::uint64_t slice_ns = 10'000'000;

    /// The CPU these slices are of; null in tests of the vector alone.
    CpuLocal* cpu() const { return cpu_; }
    void set_cpu(CpuLocal& cpu) { cpu_ = &cpu; }

    /// Whether every slice has an owner.
    bool full() const { return used_ == capacity; }
    /// Gives a free slice to a vCPU that is not ready yet. Errors: limit_reached.
    Result<void> attach(Vcpu& vcpu);
    /// Frees the slice. Needs: attached.
    void detach(Vcpu& vcpu);

    /// The vCPU may run from its next position on; forgets its deadline.
    void set_ready(const Vcpu& vcpu);
    /// The vCPU is skipped until set_ready(), or woken by due() once `deadline_ns` has passed.
    void set_waiting(const Vcpu& vcpu, std::uint64_t deadline_ns);

    /// Goes on to the next slice with a ready vCPU; null if there is none. O(capacity / 64).
    Vcpu* next();
    /// A vCPU that waits with a deadline at or before `now_ns`; null if there is none.
    Vcpu* due(std::uint64_t now_ns);
    /// No deadline is earlier than this.
    std::uint64_t nearest_deadline() const { return nearest_; }
    /// Whether a vCPU other than this one is ready.
    bool others_ready(const Vcpu& vcpu) const;

private:
    static constexpr std::uint32_t words = capacity / 64;

    CpuLocal* cpu_ = nullptr;
    Vcpu* vcpus_[capacity] = {};
    std::uint64_t ready_[words] = {};
    std::uint64_t deadlines_[capacity] = {};  ///< 0: none.
    std::uint64_t nearest_ = lamina::wait_forever;
    std::uint32_t used_ = 0;
    std::uint32_t position_ = 0;
    std::uint32_t search_from_ = 0;
};

}  // namespace exo
