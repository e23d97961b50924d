// tests/unit/exokernel/memory/space.hpp - an address space under test, and a page walk of its own.
#pragma once

#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "arch/machine.hpp"
#include "doctest/doctest.h"
#include "exokernel/memory/address_space.hpp"
#include "tests/unit/exokernel/machine.hpp"

/// A machine with one account, one address space and one run of frames to map.
struct SpaceMachine : HostMachine {
    static constexpr std::uint32_t run_pages = 64;

    SpaceMachine() : HostMachine(2048) {
        kernel_root = exo::address_of(*exo::frames.alloc(exo::FrameState::table, nullptr));
        REQUIRE(space.create(account, kernel_root));
        run = *exo::frames.alloc_run(run_pages, payer);
        make_source(source);
    }

    /// The leaf entry of a user address, found the way the processor does; 0 where there is none.
    std::uint64_t leaf(std::uint64_t address) const { return leaf_of(space, address); }
    std::uint64_t leaf_of(const exo::AddressSpace& of, std::uint64_t address) const {
        std::uint64_t table = of.root().value;
        for (int shift = 39;; shift -= 9) {
            const auto entry = memory.object<std::uint64_t>(table + (address >> shift) % 512 * 8);
            if (shift == 12 || (entry & 1) == 0) return (entry & 1) != 0 ? entry : 0;
            table = entry & 0x000f'ffff'ffff'f000;
        }
    }

    /// Another capability for the run; its reference is not counted.
    void make_source(exo::CapSlot& made) const {
        static_cast<exo::Capability&>(made) =
            exo::frames.capability(run, run_pages, exo::Rights::all);
        made.siblings.close();
        made.children.close();
    }

    std::uint64_t tables() const { return exo::frames.counts().tables; }
    std::uint32_t references() const { return exo::frames.info(run).references; }

    /// All that a failed call must leave as it was: mappings, tables, references, charges.
    auto state() const {
        std::vector<std::pair<std::uint64_t, std::uint64_t>> mapped;
        collect(space.root().value, 39, 0, mapped);
        return std::make_tuple(mapped, tables(), references(), account.used, account.references,
                               exo::frames.counts().free);
    }

    exo::Account account = HostMachine::account(1000);  ///< Pays for the tables.
    exo::Account payer = HostMachine::account(1000);    ///< Pays for the run.
    exo::CapSlot source;  ///< A capability for the run, that pages are mapped by.
    exo::PhysAddr kernel_root;
    exo::AddressSpace space;
    exo::FrameNumber run;

private:
    /// Every mapped page with its entry.
    void collect(std::uint64_t table, int shift, std::uint64_t base,
                 std::vector<std::pair<std::uint64_t, std::uint64_t>>& found) const {
        for (std::uint64_t i = 0; i < (shift == 39 ? 256 : 512); ++i) {
            const auto entry = memory.object<std::uint64_t>(table + i * 8);
            if ((entry & 1) == 0) continue;
            const std::uint64_t here = base + (i << shift);
            if (shift == 12)
                found.emplace_back(here, entry);
            else
                collect(entry & 0x000f'ffff'ffff'f000, shift - 9, here, found);
        }
    }
};

inline constexpr std::uint64_t page = exo::page_size;
inline constexpr std::uint64_t mib1 = 1ULL << 20;
inline constexpr std::uint64_t mib2 = 2ULL << 20;
inline constexpr std::uint64_t gib = 1ULL << 30;
inline constexpr auto read_only = exo::Protection::read;
inline constexpr auto read_write = exo::Protection::read | exo::Protection::write;
inline constexpr auto read_execute = exo::Protection::read | exo::Protection::execute;
