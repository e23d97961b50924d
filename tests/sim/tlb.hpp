// tests/sim/tlb.hpp - Tlb: what one simulated CPU remembers of the page tables it has walked.
// Source: Intel SDM vol. 3A, 4.10 "Caching Translation Information".
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "exokernel/core/types.hpp"
#include "exokernel/memory/page_entry.hpp"

namespace sim {

/// Frames of the simulated machine.
inline constexpr std::uint32_t frame_count = 256;

/// The call that made a remembered entry stale: a CPU, and how often it had left its kernel before.
struct Culprit {
    static constexpr unsigned nobody = ~0U;
    unsigned cpu = nobody;
    std::uint64_t kernel_exits = 0;
};

/// A remembered entry: of a page, or (in the cache of tables) of 2 MiB.
struct Translation {
    std::uint64_t number;       ///< Address / 4 KiB, or / 2 MiB.
    std::uint64_t bits;         ///< The entry, with the rights of the whole walk.
    std::uint32_t incarnation;  ///< Of the frame it points to, when it was read.
    Culprit stale_by;

    exo::FrameNumber frame() const { return exo::frame_of(exo::PhysAddr{target()}); }
    std::uint64_t target() const { return bits & exo::PageEntry::address_mask; }
    bool writable() const { return (bits & exo::PageEntry::writable) != 0; }
    bool executable() const { return (bits & exo::PageEntry::no_execute) == 0; }
};

/// How often each frame has been given out, by what is seen of the frame table after each step.
class Incarnations {
public:
    /// Looks at all frames.
    void update();
    /// Of a frame at this moment, also in the middle of a step. 0 for what is no frame.
    std::uint32_t now(std::uint32_t frame);
    /// The same at the last update().
    std::uint32_t operator[](std::uint32_t frame) const { return counts_[frame]; }

private:
    std::vector<std::uint32_t> counts_ = std::vector<std::uint32_t>(frame_count);
    std::vector<bool> used_ = std::vector<bool>(frame_count);
};

/// Walks real page tables and keeps what it finds until told to forget it, as a processor may: of
/// pages, and of the tables on the way to them. Everything is of the space loaded now: loading
/// another one flushes.
class Tlb {
public:
    explicit Tlb(Incarnations& incarnations) : incarnations_(&incarnations) {}

    /// The entry for an address: the remembered one, or that of a walk, which is then remembered.
    /// Null if there is none.
    const Translation* translate(exo::PhysAddr root, std::uint64_t address);

    /// Forgets a page and, as INVLPG does, every table.
    void invalidate(std::uint64_t address);
    void flush();

    std::span<Translation> pages() { return pages_; }
    std::span<Translation> tables() { return tables_; }

    /// The entry of a page, or the one that points to the lowest table (`level` 1 or 2), by a walk
    /// that remembers nothing; its bits are 0 if there is none.
    static std::uint64_t walk(exo::PhysAddr root, std::uint64_t address, unsigned level);

private:
    static constexpr std::size_t pages_max = 12;
    static constexpr std::size_t tables_max = 4;

    std::uint64_t lowest_table(exo::PhysAddr root, std::uint64_t address);
    Translation made(std::uint64_t number, std::uint64_t bits);
    static void add(std::vector<Translation>& to, std::size_t most, const Translation& entry);

    Incarnations* incarnations_;
    std::vector<Translation> pages_;
    std::vector<Translation> tables_;
};

}  // namespace sim
