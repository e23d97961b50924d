// tests/copy_on_write/sharer.hpp - the app `sharer`, which does to a shared region what it is told.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "lamina/layout.hpp"
#include "lamina/report.hpp"
#include "libos/loader/loader.hpp"
#include "libos/vm/mapping.hpp"

namespace sharer {

/// Where a region is shared with it. A multiple of 2 MiB, where nothing else lies.
inline constexpr std::uint64_t region_address = 0x2000'0000'0000;
/// Where its board lies, one page.
inline constexpr std::uint64_t board_address = 0x3000'0000'0000;

enum class Task : std::uint64_t {
    adopt,         ///< What was shared at `first`: status.
    fill,          ///< Pages [first, first + count) by `seed`: 0.
    count_filled,  ///< How many of these pages are filled so.
    make_private,  ///< These pages: status.
    cut,           ///< The first word of page 0, if is_cut() says so of `count` pages; else 0.
    copies,        ///< RegionStatistics::copies.
    faults,        ///< RegionStatistics::faults.
    readable,      ///< Frames it has capabilities for, if those are to read and copy only.
    run,           ///< What is at the start of page `first`, as a function: its result.
    share_on,      ///< With a sharer of its own: 0, or the line of what failed.
    let_go,        ///< Of the region: 0.
};

struct Board {
    Task task;
    std::uint64_t first;
    std::uint64_t count;
    std::uint64_t seed;
    std::uint64_t result;
};

/// Every word of a page, by its number and a seed.
void fill(std::span<std::byte> region, std::uint64_t first, std::uint64_t count,
          std::uint64_t seed);
std::uint64_t count_filled(std::span<const std::byte> region, std::uint64_t first,
                           std::uint64_t count, std::uint64_t seed);

/// Whether one that writes 1, 2, 3 ... each to the first words of all pages, one after the other,
/// can have had them so at some moment.
bool is_cut(std::span<const std::byte> region, std::uint64_t pages);

/// The first word of a page.
inline volatile std::uint64_t& first_word(std::span<const std::byte> region, std::uint64_t page) {
    return *reinterpret_cast<volatile std::uint64_t*>(
        const_cast<std::byte*>(region.data() + page * lamina::page_size));
}

/// An app `sharer` that runs.
class Sharer {
public:
    static lamina::Result<Sharer> start(std::uint64_t quota_frames);

    /// What comes of it. Empty: it has ended.
    std::optional<std::uint64_t> tell(Task task, std::uint64_t first = 0, std::uint64_t count = 0,
                                      std::uint64_t seed = 0);

    lamina::Handle env() const { return child_.env.get(); }
    lamina::Handle account() const { return child_.account.get(); }
    /// Page frames charged to its account.
    std::uint64_t charged() const;
    std::uint64_t quota_free() const;
    /// How it has ended; ends it if it has not.
    lamina::EnvReport end();

private:
    libos::OwnedHandle news_;
    libos::OwnedHandle go_;
    libos::Mapping board_;
    libos::Child child_;
};

}  // namespace sharer
