// tests/guest/call_world.hpp - objects and memory to make system calls with, and what must not
// change.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lamina/report.hpp"
#include "lamina/vcpu.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/calls/argument_source.hpp"

namespace guest {

using calls::Argument;
using calls::CallRow;
using calls::Words;

/// Addresses that are bad in every use.
inline constexpr std::uint64_t unmapped_address = 0x5800'0000'0000;
inline constexpr std::uint64_t free_address = 0x5900'0000'0000;
inline constexpr std::uint64_t run_pages = 4;

/// A page of writable memory, with nothing before and after it.
inline constexpr std::uint64_t memory_address = 0x5a00'0000'0000;

/// One object of every type, and memory with known edges. A new one for every row of the table.
class CallWorld {
public:
    static lamina::Result<CallWorld> create();
    CallWorld(CallWorld&&) = default;
    ~CallWorld();

    /// The capability that fits a handle argument of this name; null for a name unknown here.
    lamina::Handle handle(const CallRow& row, std::string_view name) const;

    /// A value that this argument of this call takes; nothing for a name unknown here.
    std::optional<std::uint64_t> good(const CallRow& row, const Argument& argument) const;

    /// An address 2 bytes before the end of writable memory.
    std::uint64_t straddling() const { return memory_address + lamina::page_size - 2; }
    /// Memory that may only be read.
    std::uint64_t read_only() const { return read_only_.address(); }

    /// What a failed call must leave as it was.
    struct Snapshot {
        std::array<lamina::CapInfo, 9> caps;
        std::uint64_t bits;
        std::uint64_t frames_free;
        std::uint32_t memory_crc32;

        bool operator==(const Snapshot& other) const;
    };
    Snapshot snapshot() const;

private:
    CallWorld() = default;

    libos::OwnedHandle account_;
    libos::OwnedHandle env_;
    libos::OwnedHandle ended_env_;
    libos::OwnedHandle frames_;
    libos::OwnedHandle notification_;
    libos::OwnedHandle gate_;
    libos::OwnedHandle first_;  ///< Two runs that follow each other.
    libos::OwnedHandle next_;
    libos::OwnedHandle slice_;
    std::uint64_t free_frame_ = 0;
    std::uint64_t env_id_ = 0;
    libos::Mapping read_only_;
};

}  // namespace guest
