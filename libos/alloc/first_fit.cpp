// libos/alloc/first_fit.cpp - a heap with boundary tags, first fit, neighbours merged at once.
#include "libos/alloc/first_fit.hpp"

#include <algorithm>
#include <new>

#include "libos/debug/assert.hpp"

namespace libos {

struct FirstFit::Block {
    std::uint64_t bytes_before;
    std::uint64_t bytes_and_used;  // bytes: header included, a multiple of 16
    Block* next;                   // in the free list; payload when used
    Block* previous;

    static constexpr std::uint64_t used_bit = 1;
    static constexpr std::size_t header_bytes = 16;

    std::uint64_t bytes() const { return bytes_and_used & ~used_bit; }
    bool used() const { return (bytes_and_used & used_bit) != 0; }
    bool is_end() const { return bytes() == 0; }
    std::uintptr_t payload() const { return reinterpret_cast<std::uintptr_t>(this) + header_bytes; }
    Block* at(std::int64_t offset) const {
        return reinterpret_cast<Block*>(reinterpret_cast<std::uintptr_t>(this) +
                                        std::uintptr_t(offset));
    }
    Block* after() const { return at(std::int64_t(bytes())); }
    Block* before() const { return bytes_before == 0 ? nullptr : at(-std::int64_t(bytes_before)); }
    void set(std::uint64_t bytes, bool used) {
        bytes_and_used = bytes | (used ? used_bit : 0);
        after()->bytes_before = bytes;
    }
};

namespace {

constexpr std::size_t block_bytes_min = 32;
constexpr std::size_t bytes_max = std::size_t{1} << 46;

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

// Where the payload of an aligned block inside a free one would begin: at its own payload or far
// enough behind it for a free block in front.
std::uintptr_t aligned_payload(std::uintptr_t payload, std::size_t alignment) {
    if (payload % alignment == 0) return payload;
    return round_up(payload + block_bytes_min, alignment);
}

}  // namespace

void FirstFit::link(Block* block) {
    block->next = free_;
    block->previous = nullptr;
    if (free_ != nullptr) free_->previous = block;
    free_ = block;
}

void FirstFit::unlink(Block* block) {
    (block->previous != nullptr ? block->previous->next : free_) = block->next;
    if (block->next != nullptr) block->next->previous = block->previous;
}

FirstFit::Block* FirstFit::find(std::size_t bytes, std::size_t alignment) const {
    for (Block* block = free_; block != nullptr; block = block->next) {
        const auto skipped = aligned_payload(block->payload(), alignment) - block->payload();
        if (block->bytes() >= skipped + bytes) return block;
    }
    return nullptr;
}

bool FirstFit::add_region(std::size_t bytes) {
    constexpr std::size_t region_bytes_min = 64 * 1024;
    const auto region = source_.grow(std::max(bytes + 2 * Block::header_bytes, region_bytes_min));
    if (region.empty()) return false;
    statistics_.bytes_held += region.size();
    auto* block = reinterpret_cast<Block*>(region.data());
    block->bytes_before = 0;
    const auto whole = (region.size() & ~std::size_t{15}) - Block::header_bytes;
    block->set(whole, false);
    block->after()->bytes_and_used = Block::used_bit;
    link(block);
    return true;
}

// Cuts a free block that is not in the list so that the payload of the part returned is aligned.
FirstFit::Block* FirstFit::align(Block* block, std::size_t alignment) {
    const auto skipped = aligned_payload(block->payload(), alignment) - block->payload();
    if (skipped == 0) return block;
    const auto rest = block->bytes() - skipped;
    block->set(skipped, false);
    link(block);
    Block* aligned = block->after();
    aligned->set(rest, false);
    return aligned;
}

// Makes the block used, at least `bytes` long; what is left over becomes a free block.
void FirstFit::split(Block* block, std::size_t bytes) {
    const auto rest = block->bytes() - bytes;
    if (rest < block_bytes_min) {
        block->set(block->bytes(), true);
        return;
    }
    block->set(bytes, true);
    block->after()->set(rest, false);
    link(block->after());
}

void* FirstFit::alloc(std::size_t bytes, std::size_t alignment) {
    LAMINA_ASSERT(alignment != 0 && (alignment & (alignment - 1)) == 0);
    if (bytes > bytes_max || alignment > bytes_max) return nullptr;
    alignment = std::max(alignment, alignment_default);
    const auto needed =
        std::max<std::size_t>(round_up(bytes + Block::header_bytes, 16), block_bytes_min);
    Block* block = find(needed, alignment);
    if (block == nullptr) {
        const auto slack = alignment > alignment_default ? alignment + block_bytes_min : 0;
        if (!add_region(needed + slack)) return nullptr;
        block = find(needed, alignment);
        LAMINA_ASSERT(block != nullptr);
    }
    unlink(block);
    block = align(block, alignment);
    split(block, needed);
    statistics_.bytes_used += block->bytes();
    ++statistics_.blocks;
    return reinterpret_cast<void*>(block->payload());
}

void FirstFit::free(void* payload) {
    if (payload == nullptr) return;
    Block* block = static_cast<Block*>(payload)->at(-std::int64_t{Block::header_bytes});
    LAMINA_ASSERT(block->used() && !block->is_end() &&
                  block->after()->bytes_before == block->bytes());
    statistics_.bytes_used -= block->bytes();
    --statistics_.blocks;
    auto bytes = block->bytes();
    // A block given back twice is told by this bit, also once it is part of a larger one.
    block->bytes_and_used &= ~Block::used_bit;
    if (Block* after = block->after(); !after->used()) {
        unlink(after);
        bytes += after->bytes();
    }
    if (Block* before = block->before(); before != nullptr && !before->used()) {
        unlink(before);
        bytes += before->bytes();
        block = before;
    }
    block->set(bytes, false);
    link(block);
}

bool FirstFit::sound(std::span<const std::byte> region) const {
    const auto* block = reinterpret_cast<const Block*>(region.data());
    const auto end = reinterpret_cast<std::uintptr_t>(region.data() + region.size());
    std::uint64_t before = 0;
    bool free_before = false;
    for (;;) {
        if (block->payload() > end || block->bytes_before != before) return false;
        if (block->is_end()) return true;
        bool listed = false;
        for (const Block* free = free_; free != nullptr; free = free->next)
            listed = listed || free == block;
        if (listed == block->used() || (free_before && !block->used())) return false;
        free_before = !block->used();
        before = block->bytes();
        block = block->after();
    }
}

}  // namespace libos
