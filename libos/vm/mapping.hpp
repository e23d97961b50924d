// libos/vm/mapping.hpp - frames mapped into one's own address space, at an address the libOS picks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "lamina/layout.hpp"
#include "lamina/result.hpp"
#include "lamina/rights.hpp"
#include "lamina/syscalls.hpp"

namespace libos {

/// The address of `pages` pages that nothing else will be mapped at; the caller maps them. Errors:
/// bad_argument (0 pages), limit_reached.
lamina::Result<std::uint64_t> reserve_addresses(std::uint64_t pages);

/// Gives addresses back that were reserved. Needs: nothing is mapped there.
void free_addresses(std::uint64_t address, std::uint64_t pages);

/// Pages mapped into the app's own address space; unmapped when this goes. The capability they came
/// from is not kept.
class Mapping {
public:
    Mapping() = default;
    Mapping(Mapping&& other) noexcept { swap(other); }
    Mapping& operator=(Mapping&& other) noexcept {
        swap(other);
        return *this;
    }
    ~Mapping();

    /// Maps pages [first, first + pages) of a run. Errors: those of frames_map, and limit_reached
    /// (no address space left).
    static lamina::Result<Mapping> create(lamina::Handle frames, std::uint64_t first,
                                          std::uint64_t pages, lamina::Protection protection);

    /// Allocates zeroed frames at the expense of an account and maps them for reading and writing;
    /// they are freed when this goes. Errors: those of frames_alloc and create.
    static lamina::Result<Mapping> create_new(lamina::Handle account, std::uint64_t pages);

    std::uint64_t address() const { return address_; }
    std::uint64_t pages() const { return pages_; }
    std::span<std::byte> bytes() const {
        return {reinterpret_cast<std::byte*>(address_), pages_ * lamina::page_size};
    }

    /// Leaves the pages mapped for good.
    std::span<std::byte> release() {
        const auto kept = bytes();
        pages_ = 0;
        return kept;
    }

private:
    Mapping(std::uint64_t address, std::uint64_t pages) : address_(address), pages_(pages) {}

    void swap(Mapping& other) {
        std::swap(address_, other.address_);
        std::swap(pages_, other.pages_);
    }

    std::uint64_t address_ = 0;
    std::uint64_t pages_ = 0;
};

}  // namespace libos
