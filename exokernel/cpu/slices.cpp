// exokernel/cpu/slices.cpp - going round the slice vector.
#include "exokernel/cpu/slices.hpp"

#include <bit>

#include "exokernel/core/panic.hpp"

namespace exo {
namespace {

constexpr std::uint64_t bit_of(std::uint32_t position) { return 1ULL << (position % 64); }

}  // namespace

lamina::Result<void> SliceVector::attach(Slice& slice) {
    for (std::uint32_t i = 0; i < capacity; ++i) {
        const std::uint32_t position = (search_from_ + i) % capacity;
        if (slices_[position] != nullptr) continue;
        slices_[position] = &slice;
        ++used_;
        slice.vector = this;
        slice.position = position;
        search_from_ = (position + 1) % capacity;
        return {};
    }
    return lamina::fail(lamina::Status::limit_reached);
}

void SliceVector::detach(Slice& slice) {
    LAMINA_ASSERT(slices_[slice.position] == &slice);
    slices_[slice.position] = nullptr;
    if (rows_ != nullptr) rows_->row[slice.position] = {};
    --used_;
    set_waiting(slice);
    slice.vector = nullptr;
}

void SliceVector::show(const Slice& slice, std::uint64_t env_id) {
    if (rows_ != nullptr) rows_->row[slice.position] = {env_id, slice.length_ns};
}

void SliceVector::set_ready(const Slice& slice) {
    ready_[slice.position / 64] |= bit_of(slice.position);
}

void SliceVector::set_waiting(const Slice& slice) {
    ready_[slice.position / 64] &= ~bit_of(slice.position);
    lapsed_[slice.position / 64] &= ~bit_of(slice.position);
}

void SliceVector::set_lapsed(const Slice& slice) {
    set_waiting(slice);
    lapsed_[slice.position / 64] |= bit_of(slice.position);
}

bool SliceVector::resume_lapsed() {
    std::uint64_t any = 0;
    for (std::uint32_t word = 0; word < words; ++word) {
        any |= lapsed_[word];
        ready_[word] |= lapsed_[word];
        lapsed_[word] = 0;
    }
    return any != 0;
}

bool SliceVector::wanted(const Slice& slice) const {
    const std::uint32_t word = slice.position / 64;
    return ((ready_[word] | lapsed_[word]) & bit_of(slice.position)) != 0;
}

Slice* SliceVector::next() {
    const std::uint32_t start = (position_ + 1) % capacity;
    for (std::uint32_t i = 0; i <= words; ++i) {
        const std::uint32_t word = (start / 64 + i) % words;
        std::uint64_t bits = ready_[word];
        if (i == 0) bits &= ~0ULL << (start % 64);
        if (bits == 0) continue;
        position_ = word * 64 + std::uint32_t(std::countr_zero(bits));
        return slices_[position_];
    }
    return nullptr;
}

bool SliceVector::others_ready(const Slice& slice) const {
    for (std::uint32_t word = 0; word < words; ++word) {
        const std::uint64_t own = word == slice.position / 64 ? bit_of(slice.position) : 0;
        if ((ready_[word] & ~own) != 0) return true;
    }
    return false;
}

}  // namespace exo
