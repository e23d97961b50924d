// tests/unit/exokernel/machine.cpp - a log, a memory and a way to stop for kernel code on the host.
#include "tests/unit/exokernel/machine.hpp"

#include <cstdlib>
#include <cstring>

#include "arch/machine.hpp"
#include "exokernel/cap/capability.hpp"
#include "exokernel/core/log.hpp"
#include "exokernel/core/panic.hpp"

namespace {

std::vector<std::string> captured;
bool capturing = false;

}  // namespace

void exo::log_line(std::string_view line) {
    if (capturing) captured.emplace_back(line);
}
void exo::log_line_now(std::string_view line) { log_line(line); }
void exo::stop_machine() { throw Stopped{}; }
void exo::destroy_object(Object&) {}
void exo::settle_account(Account& account) {
    if (account_settler != nullptr) account_settler(account);
}

LogCapture::LogCapture() {
    captured.clear();
    capturing = true;
}
LogCapture::~LogCapture() { capturing = false; }

const std::vector<std::string>& LogCapture::lines() const { return captured; }

std::string LogCapture::last() const { return captured.empty() ? "" : captured.back(); }

std::string panic_of(const std::function<void()>& action) {
    const LogCapture log;
    try {
        action();
    } catch (const Stopped&) {
        return log.last();
    }
    return "";
}

void HostMemory::Free::operator()(std::byte* bytes) const { std::free(bytes); }

HostMemory::HostMemory(std::uint32_t frame_count)
    : bytes_(static_cast<std::byte*>(
          std::aligned_alloc(exo::page_size, frame_count * exo::page_size))),
      size_(frame_count * exo::page_size) {
    std::memset(bytes_.get(), 0xa5, size_);
    exo::arch::host_memory = bytes_.get();
    exo::arch::host_page_table = {};
    exo::arch::host_invalidations = 0;
}

HostMemory::~HostMemory() { exo::arch::host_memory = nullptr; }

HostMachine::HostMachine(std::uint32_t frame_count)
    : memory(frame_count), entries(frame_count), root(account(frame_count)) {
    account_settler = nullptr;
    exo::frames = {};
    exo::frames.adopt(entries);
    exo::frames.add_free({0}, frame_count);
}

HostMachine::~HostMachine() { exo::frames = {}; }

exo::Account HostMachine::account(std::uint64_t limit) {
    return {{lamina::ObjectType::account, 0, 1}, nullptr, limit, 0};
}

bool coalesced(const std::vector<exo::FrameInfo>& entries) {
    for (std::uint32_t frame = 1; frame < entries.size(); ++frame) {
        const exo::FrameInfo& info = entries[frame];
        if (info.state != exo::FrameState::free_head || info.order == exo::FreeFrames::order_max)
            continue;
        const std::uint32_t buddy = frame ^ (1U << info.order);
        if (buddy < entries.size() && entries[buddy].state == exo::FrameState::free_head &&
            entries[buddy].order == info.order)
            return false;
    }
    return true;
}
