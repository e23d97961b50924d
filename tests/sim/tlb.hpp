// tests/sim/tlb.hpp - Tlb: what one simulated CPU remembers of the page tables it has walked.
// Source: Intel SDM vol. 3A, 4.10 "Caching Translation Information".
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "exokernel/core/types.hpp"
#include "exokernel/memory/page_entry.hpp"

namespace sim {

/// Frames of the simulated machine: in the large one pages of 2 MiB fit.
inline constexpr std::uint32_t frame_count_small = 256;
inline constexpr std::uint32_t frame_count_large = 2048;
/// Of the machine that runs now; chosen before the kernel boots.
inline std::uint32_t frame_count = frame_count_small;

/// What differs between simulated machines.
struct Shape {
    std::uint32_t frames = frame_count_small;
    bool tlb_tags = false;  ///< TLBs keep entries of several spaces apart (PCID).
};

/// The call that made a remembered entry stale: a CPU, and how often it had left its kernel before.
struct Culprit {
    static constexpr unsigned nobody = ~0U;
    unsigned cpu = nobody;
    std::uint64_t kernel_exits = 0;
};

/// A remembered entry: of a page of some level, or of level 2 that names a table.
struct Translation {
    std::uint64_t address;  ///< The first one it is for.
    unsigned level;
    std::uint64_t bits;         ///< The entry, with the rights of the whole walk.
    std::uint32_t incarnation;  ///< Of what it points to, when it was read.
    std::uint32_t tag;          ///< Of the space it is of; 0 without tags.
    Culprit stale_by;

    bool covers(std::uint64_t other) const { return other - address < exo::entry_span(level); }
    bool is_page() const { return exo::PageEntry{bits}.is_leaf(level); }
    /// How many frames from frame() on it lets its CPU reach.
    std::uint32_t frames() const { return is_page() ? exo::entry_frames(level) : 1; }
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
    /// The same at the last update(), of one frame.
    std::uint32_t operator[](std::uint32_t frame) const { return counts_[frame]; }
    /// Of all of what an entry points to: a number that grows with each of its frames'. 0 for what
    /// is out of memory. A page is as aligned as it is large.
    std::uint32_t of(const Translation& entry) const;
    /// The same at this moment, also in the middle of a step.
    std::uint32_t now(const Translation& entry);

private:
    static constexpr std::uint32_t frames_per_block = exo::entry_frames(2);

    void look_at(std::uint32_t frame);

    std::vector<std::uint32_t> counts_ = std::vector<std::uint32_t>(frame_count);
    /// Sums for pages of 2 MiB.
    std::vector<std::uint32_t> blocks_ =
        std::vector<std::uint32_t>(frame_count / frames_per_block + 1);
    std::vector<std::uint8_t> used_ = std::vector<std::uint8_t>(frame_count);
};

/// Walks real page tables and keeps what it finds until told to forget it, as a processor may: of
/// pages, and of the tables on the way to them. An entry is used only while its tag is the loaded
/// one: those of other tags may say what they like.
class Tlb {
public:
    explicit Tlb(Incarnations& incarnations) : incarnations_(&incarnations) {}

    /// The entry for an address: the remembered one, or that of a walk, which is then remembered.
    /// Null if there is none.
    const Translation* translate(exo::PhysAddr root, std::uint64_t address);

    /// Forgets a page and, as INVLPG does, every table.
    void invalidate(std::uint64_t address);
    void flush();
    /// Another space is loaded: what is remembered by its tag is forgotten, or kept.
    void load(std::uint32_t tag, bool keep);

    /// What may be used now.
    std::vector<Translation*> usable();
    std::span<const Translation> pages() const { return pages_; }  ///< Of all tags.
    std::uint32_t tag() const { return tag_; }

    /// The entry of a level that an address goes through, by a walk that remembers nothing; its
    /// bits are 0 if there is none, or a larger page.
    static std::uint64_t walk(exo::PhysAddr root, std::uint64_t address, unsigned level);

private:
    static constexpr std::size_t pages_max = 12;
    static constexpr std::size_t tables_max = 4;
    /// Those of other tags have room of their own, as much as of this one.
    static constexpr std::size_t tags_room = 2;

    /// The entry of level 2 that an address goes through: remembered, or by a walk.
    std::uint64_t upper_entry(exo::PhysAddr root, std::uint64_t address);
    const Translation* add(std::vector<Translation>& to, std::size_t most, std::uint64_t address,
                           unsigned level, std::uint64_t bits);

    const Translation* find(const std::vector<Translation>& in, std::uint64_t address) const;

    Incarnations* incarnations_;
    std::uint32_t tag_ = 0;
    std::vector<Translation> pages_;
    std::vector<Translation> tables_;
};

}  // namespace sim
