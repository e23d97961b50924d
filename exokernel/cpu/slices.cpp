// exokernel/cpu/slices.cpp - going round the slice vector, and deadlines.
#include "exokernel/cpu/slices.hpp"

#include <algorithm>
#include <bit>

#include "exokernel/core/panic.hpp"

namespace exo {
namespace {

constexpr std::uint64_t bit_of(std::uint32_t slice) { return 1ULL << (slice % 64); }

}  // namespace

Result<void> SliceVector::attach(Vcpu& vcpu) {
    for (std::uint32_t i = 0; i < capacity; ++i) {
        const std::uint32_t slice = (search_from_ + i) % capacity;
        if (vcpus_[slice] != nullptr) continue;
        vcpus_[slice] = &vcpu;
        ++used_;
        vcpu.slices = this;
        vcpu.slice = slice;
        search_from_ = (slice + 1) % capacity;
        return {};
    }
    return lamina::fail(Status::limit_reached);
}

void SliceVector::detach(Vcpu& vcpu) {
    LAMINA_ASSERT(vcpus_[vcpu.slice] == &vcpu);
    vcpus_[vcpu.slice] = nullptr;
    --used_;
    ready_[vcpu.slice / 64] &= ~bit_of(vcpu.slice);
    deadlines_[vcpu.slice] = 0;
}

void SliceVector::set_ready(const Vcpu& vcpu) {
    ready_[vcpu.slice / 64] |= bit_of(vcpu.slice);
    deadlines_[vcpu.slice] = 0;
}

void SliceVector::set_waiting(const Vcpu& vcpu, std::uint64_t deadline_ns) {
    ready_[vcpu.slice / 64] &= ~bit_of(vcpu.slice);
    if (deadline_ns == lamina::wait_forever) return;
    deadlines_[vcpu.slice] = deadline_ns;
    nearest_ = std::min(nearest_, deadline_ns);
}

Vcpu* SliceVector::next() {
    const std::uint32_t start = (position_ + 1) % capacity;
    for (std::uint32_t i = 0; i <= words; ++i) {
        const std::uint32_t word = (start / 64 + i) % words;
        std::uint64_t bits = ready_[word];
        if (i == 0) bits &= ~0ULL << (start % 64);
        if (bits == 0) continue;
        position_ = word * 64 + std::uint32_t(std::countr_zero(bits));
        return vcpus_[position_];
    }
    return nullptr;
}

Vcpu* SliceVector::due(std::uint64_t now_ns) {
    if (now_ns < nearest_) return nullptr;
    nearest_ = lamina::wait_forever;
    for (std::uint32_t slice = 0; slice < capacity; ++slice) {
        if (deadlines_[slice] == 0) continue;
        nearest_ = std::min(nearest_, deadlines_[slice]);
        if (deadlines_[slice] <= now_ns) return vcpus_[slice];
    }
    return nullptr;
}

bool SliceVector::others_ready(const Vcpu& vcpu) const {
    for (std::uint32_t word = 0; word < words; ++word) {
        const std::uint64_t own = word == vcpu.slice / 64 ? bit_of(vcpu.slice) : 0;
        if ((ready_[word] & ~own) != 0) return true;
    }
    return false;
}

}  // namespace exo
