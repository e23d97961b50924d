// tests/unit/libos/first_fit_test.cpp - the first-fit heap: shape, alignment, exhaustion, torture.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "doctest/doctest.h"
#include "libos/alloc/first_fit.hpp"
#include "tests/mutation/mutation.hpp"

using libos::FirstFit;

namespace {

// Regions from the host, up to a limit.
class Source final : public libos::PageSource {
public:
    explicit Source(std::size_t bytes_max) : bytes_left_(bytes_max) {}
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    ~Source() {
        for (auto region : regions)
            std::free(region.data());
    }

    std::span<std::byte> grow(std::size_t bytes) override {
        bytes = (bytes + 4095) & ~std::size_t{4095};
        if (bytes > bytes_left_) return {};
        bytes_left_ -= bytes;
        auto* memory = static_cast<std::byte*>(std::aligned_alloc(4096, bytes));
        std::memset(memory, 0, bytes);
        regions.emplace_back(memory, bytes);
        return regions.back();
    }

    std::vector<std::span<std::byte>> regions;

private:
    std::size_t bytes_left_;
};

bool sound(const FirstFit& heap, const Source& source) {
    for (const auto region : source.regions) {
        if (!heap.sound(region)) return false;
    }
    return true;
}

bool aligned(const void* block, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(block) % alignment == 0;
}

}  // namespace

TEST_CASE("blocks are aligned, apart, and as large as asked") {
    Source source(1 << 20);
    FirstFit heap(source);
    auto* a = static_cast<char*>(heap.alloc(1, 1));
    auto* b = static_cast<char*>(heap.alloc(0, 1));
    auto* c = static_cast<char*>(heap.alloc(1000, 1));
    REQUIRE(a != nullptr);
    REQUIRE(b != nullptr);
    REQUIRE(c != nullptr);
    CHECK(a != b);
    for (const auto* block : {a, b, c})
        CHECK(aligned(block, libos::alignment_default));
    std::memset(c, 1, 1000);
    std::memset(a, 2, 1);
    CHECK(sound(heap, source));
    CHECK(heap.statistics().blocks == 3);
}

TEST_CASE("freed blocks merge with both neighbours") {
    Source source(1 << 20);
    FirstFit heap(source);
    void* blocks[4];
    for (auto& block : blocks)
        block = heap.alloc(10000, 16);
    heap.free(blocks[0]);
    heap.free(blocks[2]);
    CHECK(sound(heap, source));
    heap.free(blocks[1]);
    CHECK(sound(heap, source));
    CHECK(heap.alloc(30000, 16) == blocks[0]);
    heap.free(blocks[0]);
    heap.free(blocks[3]);
    CHECK(sound(heap, source));
    CHECK(heap.statistics().blocks == 0);
    CHECK(heap.statistics().bytes_used == 0);
    CHECK(source.regions.size() == 1);
}

TEST_CASE("large alignments") {
    Source source(1 << 22);
    FirstFit heap(source);
    std::vector<void*> blocks;
    for (std::size_t alignment = 1; alignment <= 65536; alignment *= 2) {
        void* block = heap.alloc(100, alignment);
        REQUIRE(block != nullptr);
        CHECK(aligned(block, alignment));
        std::memset(block, 0xff, 100);
        blocks.push_back(block);
        CHECK(sound(heap, source));
    }
    for (void* block : blocks)
        heap.free(block);
    CHECK(sound(heap, source));
    CHECK(heap.statistics().bytes_used == 0);
}

TEST_CASE("a request larger than a region gets one of its own") {
    Source source(1 << 22);
    FirstFit heap(source);
    void* block = heap.alloc(1 << 20, 16);
    REQUIRE(block != nullptr);
    std::memset(block, 1, 1 << 20);
    CHECK(sound(heap, source));
}

TEST_CASE("exhaustion gives null, and memory given back can be had again") {
    Source source(128 * 1024);
    FirstFit heap(source);
    CHECK(heap.alloc(~std::size_t{0}, 16) == nullptr);
    CHECK(heap.alloc(1 << 20, 16) == nullptr);
    CHECK(heap.alloc(16, std::size_t{1} << 60) == nullptr);
    std::vector<void*> blocks;
    while (void* block = heap.alloc(1000, 16))
        blocks.push_back(block);
    CHECK(blocks.size() > 100);
    CHECK(heap.statistics().bytes_held == 128 * 1024);
    heap.free(blocks.back());
    CHECK(heap.alloc(1000, 16) == blocks.back());
    CHECK(sound(heap, source));
}

TEST_CASE("freeing null does nothing") {
    Source source(0);
    FirstFit heap(source);
    heap.free(nullptr);
    CHECK(heap.statistics().blocks == 0);
    CHECK(heap.alloc(1, 1) == nullptr);
}

TEST_CASE("30000 random steps keep every block's contents") {
    struct Block {
        unsigned char* at;
        std::size_t bytes;
        unsigned char fill;
    };
    Source source(4 << 20);
    FirstFit heap(source);
    std::vector<Block> blocks;
    mutation::Random random(11);
    for (int step = 0; step < 30000; ++step) {
        if (blocks.empty() || (random.below(5) < 3 && blocks.size() < 400)) {
            const auto bytes = random.below(random.below(10) == 0 ? 20000 : 300);
            const auto alignment = std::size_t{1} << random.below(9);
            auto* at = static_cast<unsigned char*>(heap.alloc(bytes, alignment));
            if (at == nullptr) continue;
            CHECK(aligned(at, alignment));
            const auto fill = static_cast<unsigned char>(step);
            std::memset(at, fill, bytes);
            blocks.push_back({at, bytes, fill});
        } else {
            auto& block = blocks[random.below(blocks.size())];
            bool kept = true;
            for (std::size_t i = 0; i < block.bytes; ++i)
                kept = kept && block.at[i] == block.fill;
            CHECK(kept);
            heap.free(block.at);
            block = blocks.back();
            blocks.pop_back();
        }
        if (step % 1000 == 0) CHECK(sound(heap, source));
    }
    for (const auto& block : blocks)
        heap.free(block.at);
    CHECK(sound(heap, source));
    CHECK(heap.statistics().bytes_used == 0);
}
