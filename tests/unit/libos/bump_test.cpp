// tests/unit/libos/bump_test.cpp - the bump heap: alignment, order, regions, exhaustion.
#include <array>
#include <cstdint>

#include "doctest/doctest.h"
#include "libos/alloc/bump.hpp"

namespace {

constexpr std::size_t region_bytes = 128 * 1024;

// Gives one region twice the least size, and then another.
class Source final : public libos::PageSource {
public:
    std::span<std::byte> grow(std::size_t bytes) override {
        if (bytes > region_bytes || given == regions.size()) return {};
        return regions[given++];
    }
    std::size_t given = 0;

private:
    struct alignas(4096) Region : std::array<std::byte, region_bytes> {};
    std::array<Region, 2> regions = {};
};

std::uintptr_t number(const void* block) { return reinterpret_cast<std::uintptr_t>(block); }

TEST_CASE("blocks follow each other, aligned as asked") {
    static Source source;
    libos::Bump heap(source);
    const auto first = number(heap.alloc(1, 1));
    CHECK(first % libos::alignment_default == 0);
    CHECK(number(heap.alloc(0, 1)) == first + 16);
    CHECK(number(heap.alloc(5, 16)) == first + 32);
    const auto aligned = number(heap.alloc(10, 1024));
    CHECK(aligned % 1024 == 0);
    CHECK(aligned > first + 32);
    CHECK(number(heap.alloc(1, 1)) == aligned + 16);
}

TEST_CASE("nothing is used again, and the counts say so") {
    static Source source;
    libos::Bump heap(source);
    void* block = heap.alloc(100, 16);
    heap.free(block);
    heap.free(nullptr);
    CHECK(heap.alloc(100, 16) != block);
    CHECK(heap.statistics().blocks == 1);
    CHECK(heap.statistics().bytes_used == 200);
    CHECK(heap.statistics().bytes_held == region_bytes);
}

TEST_CASE("another region when the first is full, null when there is none") {
    static Source source;
    libos::Bump heap(source);
    CHECK(heap.alloc(region_bytes / 2, 16) != nullptr);
    CHECK(heap.alloc(region_bytes / 2, 16) != nullptr);
    CHECK(source.given == 1);
    CHECK(heap.alloc(1, 16) != nullptr);
    CHECK(source.given == 2);
    CHECK(heap.alloc(std::size_t{1} << 50, 16) == nullptr);
    CHECK(heap.alloc(region_bytes, 16) == nullptr);
    // What is left is still given.
    CHECK(heap.alloc(100, 16) != nullptr);
}

}  // namespace
