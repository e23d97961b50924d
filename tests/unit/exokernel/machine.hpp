// tests/unit/exokernel/machine.hpp - what the kernel's code stands on when it runs on the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exokernel/core/types.hpp"
#include "exokernel/memory/account.hpp"
#include "exokernel/memory/frame_table.hpp"

/// What settle_account() does; null: nothing. Each HostMachine begins with that.
inline void (*account_settler)(exo::Account&) = nullptr;

/// Thrown where the kernel would stop the machine.
struct Stopped {};

/// Collects the kernel log while it exists.
class LogCapture {
public:
    LogCapture();
    ~LogCapture();
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    const std::vector<std::string>& lines() const;
    /// The last line, or nothing.
    std::string last() const;
};

/// The panic line that an action ends with; empty if it does not end the machine.
std::string panic_of(const std::function<void()>& action);

/// Physical memory of the host machine: frames from 0 on, every byte 0xa5.
class HostMemory {
public:
    explicit HostMemory(std::uint32_t frame_count);
    ~HostMemory();
    HostMemory(const HostMemory&) = delete;
    HostMemory& operator=(const HostMemory&) = delete;

    std::byte* at(std::uint64_t address) const { return bytes_.get() + address; }
    template <typename T>
    T& object(std::uint64_t address) const {
        return *reinterpret_cast<T*>(at(address));
    }
    std::uint64_t size() const { return size_; }

private:
    struct Free {
        void operator()(std::byte* bytes) const;
    };
    std::unique_ptr<std::byte, Free> bytes_;
    std::uint64_t size_;
};

/// Memory, the global frame table over it (all frames but 0 free), and a root account for all of
/// it.
class HostMachine {
public:
    explicit HostMachine(std::uint32_t frame_count);
    ~HostMachine();
    HostMachine(const HostMachine&) = delete;
    HostMachine& operator=(const HostMachine&) = delete;

    /// An account of its own with one reference (the test's), not cut out of any other.
    static exo::Account account(std::uint64_t limit);

    HostMemory memory;
    std::vector<exo::FrameInfo> entries;
    exo::Account root;
};

/// Whether no two free blocks of `entries` are buddies that should have become one.
bool coalesced(const std::vector<exo::FrameInfo>& entries);
