// libos/linux/memory.hpp - the memory of a Linux program: its segments, heap, mappings and stack.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "lamina/elf.hpp"
#include "libos/linux/errno.hpp"
#include "libos/linux/kept_pages.hpp"
#include "libos/linux/regions.hpp"

namespace libos::linux_abi {

/// Flags of mmap and mremap. Source: Linux, asm-generic/mman-common.h, linux/mman.h.
inline constexpr std::uint32_t map_shared = 0x01;
inline constexpr std::uint32_t map_private = 0x02;
inline constexpr std::uint32_t map_type_mask = 0x0f;
inline constexpr std::uint32_t map_fixed = 0x10;
inline constexpr std::uint32_t map_anonymous = 0x20;
inline constexpr std::uint32_t map_fixed_no_replace = 0x10'0000;
inline constexpr std::uint32_t remap_may_move = 1;

/// Everything is anonymous. Frames come with the first access to a page, from the account of the
/// environment; a page fault upcall brings them.
class Memory {
public:
    /// Takes over the segments the loader has mapped, places heap and stack. Errors: einval (the
    /// headers make no sense), enomem.
    Outcome<void> adopt(std::span<const lamina::ElfProgramHeader> headers);

    /// The upper end of the stack, which has frames.
    std::span<std::byte> stack() const;

    /// Moves the end of the heap if it can; where it is then.
    std::uint64_t set_heap_end(std::uint64_t wanted);

    Outcome<std::uint64_t> map(std::uint64_t address, std::uint64_t bytes,
                               lamina::Protection protection, std::uint32_t flags);
    Outcome<void> unmap(std::uint64_t address, std::uint64_t bytes);
    Outcome<void> protect(std::uint64_t address, std::uint64_t bytes,
                          lamina::Protection protection);
    Outcome<std::uint64_t> remap(std::uint64_t address, std::uint64_t bytes,
                                 std::uint64_t bytes_new, std::uint32_t flags);
    /// Gives the frames back; the next access finds zeroes.
    Outcome<void> discard(std::uint64_t address, std::uint64_t bytes);

    /// Brings frames to a page that has none. False if the program may not access it so, or there
    /// are no frames.
    bool fault(std::uint64_t address, lamina::Protection access);

    /// Whether the program itself may access these bytes.
    bool allows(std::uint64_t address, std::uint64_t bytes, lamina::Protection access) const {
        return regions_.allows(address, bytes, access);
    }
    const Region* find(std::uint64_t address) const { return regions_.find(address); }

private:
    Outcome<void> add(std::uint64_t first, std::uint64_t end, lamina::Protection protection);
    Outcome<void> take_away(std::uint64_t first, std::uint64_t end);
    bool back(std::uint64_t first, std::uint64_t end, lamina::Protection protection);
    Outcome<std::uint64_t> move(std::uint64_t address, std::uint64_t bytes,
                                std::uint64_t bytes_new);

    Outcome<void> keep(std::uint64_t first, std::uint64_t end);
    void forget_kept(std::uint64_t first, std::uint64_t end);

    Regions regions_;
    KeptPages kept_;  ///< Pages of regions without access that had frames.
    std::uint64_t heap_first_ = 0;
    std::uint64_t heap_end_ = 0;
    std::uint64_t heap_limit_ = 0;
};

/// The program's memory.
Memory& memory();

}  // namespace libos::linux_abi
