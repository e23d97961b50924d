// tests/unit/exokernel/memory/frames.hpp - frame tables for tests of them.
#pragma once

#include <cstdint>
#include <vector>

#include "doctest/doctest.h"
#include "exokernel/memory/frame_table.hpp"
#include "tests/unit/exokernel/machine.hpp"

namespace frames_test {

using exo::Account;
using exo::FrameInfo;
using exo::FrameNumber;
using exo::frames;
using exo::FrameState;
using exo::FrameTable;
using exo::FreeFrames;
using exo::page_size;
using lamina::Status;

/// The machine's table, with an account for all of it.
struct Machine : HostMachine {
    Machine() : HostMachine(1024) {}
    Account account = HostMachine::account(1024);

    FrameNumber alloc(FrameState use = FrameState::object) { return *frames.alloc(use, &account); }
    FrameNumber run(std::uint32_t count) {
        const FrameNumber first = *frames.alloc_run(count, account);
        return first;
    }
    std::uint64_t free() const { return frames.counts().free; }
};

/// A table of which only the entries exist, for what does not touch contents.
struct Entries {
    explicit Entries(std::uint32_t count) : entries(count) { table.adopt(entries); }
    std::vector<FrameInfo> entries;
    FrameTable table;
};

}  // namespace frames_test
