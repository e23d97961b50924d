// apps/two_policies/policy.cpp - one program that is linked with two sets of policies: its heap and
// its pager are whatever its deps name.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/layout.hpp"
#include "libos/alloc/allocator.hpp"
#include "libos/console/console.hpp"
#include "libos/pager/pager.hpp"
#include "libos/rt/app.hpp"

namespace {

constexpr std::uint64_t pages = 1024;
constexpr std::uint64_t stride = 16;
constexpr std::uint64_t rounds = 100;

// Takes and gives back blocks of 16 sizes, so that a heap that uses blocks again needs little.
std::uint64_t work_on_heap() {
    std::uint64_t sum = 0;
    std::array<std::uint64_t*, 16> blocks = {};
    for (std::uint64_t round = 0; round < rounds; ++round) {
        for (std::uint64_t i = 0; i < blocks.size(); ++i) {
            blocks[i] = new std::uint64_t[16 + i];
            blocks[i][15 + i] = round * i;
        }
        for (std::uint64_t i = 0; i < blocks.size(); ++i) {
            sum += blocks[i][15 + i];
            delete[] blocks[i];
        }
    }
    return sum;
}

// Touches one page in 16.
std::uint64_t work_on_pages(std::span<std::byte> memory) {
    std::uint64_t sum = 0;
    for (std::uint64_t page = 0; page < pages; page += stride)
        *reinterpret_cast<std::uint64_t*>(&memory[page * lamina::page_size]) = page;
    for (std::uint64_t page = 0; page < pages; page += stride)
        sum += *reinterpret_cast<std::uint64_t*>(&memory[page * lamina::page_size]);
    return sum;
}

}  // namespace

int lamina_main(std::span<const std::string_view> arguments) {
    const auto memory = libos::reserve_memory(pages);
    if (!memory) {
        libos::print(arguments[0], ": ", lamina::status_name(memory.error()), "\n");
        return 1;
    }
    const auto sum = work_on_heap() + work_on_pages(*memory);
    const auto heap = libos::allocator().statistics();
    const auto pager = libos::pager_statistics();
    libos::print(arguments[0], ": sum ", sum, "; heap ", heap.bytes_held / 1024,
                 " KiB held; pager ", pager.frames, " of ", pager.pages, " pages, ", pager.faults,
                 " faults\n");
    return 0;
}
