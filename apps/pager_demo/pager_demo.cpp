// apps/pager_demo/pager_demo.cpp - works on 64 MiB of computed contents under an account of 4 MiB.
//
// The app is its own pager: a page that is touched gets the frame of the page that came first, and
// its contents are computed anew. Nothing is written back, as everything can be computed again.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/layout.hpp"
#include "lamina/rights.hpp"
#include "libos/console/console.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vm/mapping.hpp"

namespace {

namespace sys = libos::sys;
namespace fixed = libos::fixed;

constexpr std::uint64_t pages = 64 * 1024 * 1024 / lamina::page_size;
constexpr std::uint64_t account_frames = 4 * 1024 * 1024 / lamina::page_size;
constexpr std::uint64_t words_per_page = lamina::page_size / sizeof(std::uint64_t);
constexpr std::uint64_t touches = 20'000;
constexpr std::uint8_t page_fault = 14;

// SplitMix64: the contents of the memory, and an order to touch it in.
constexpr std::uint64_t mix(std::uint64_t z) {
    z += 0x9e37'79b9'7f4a'7c15;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
}

constexpr std::uint64_t word_at(std::uint64_t page, std::uint64_t word) {
    return mix(page * words_per_page + word);
}

// A frame of the account, the one of its run with this index, and the page that it is.
struct Slot {
    lamina::Handle run;
    std::uint64_t index;
    std::uint64_t page;
};

// The resident pages, in the order in which they came: first in, first out.
class Pager {
public:
    lamina::Result<void> start() {
        LAMINA_TRY(base_, libos::reserve_addresses(pages));
        LAMINA_TRY(account_, sys::account_create(fixed::account, account_frames));
        return libos::start_upcalls();
    }

    bool holds(std::uint64_t address) const {
        return address >= base_ && address - base_ < pages * lamina::page_size;
    }

    /// Gives the page a frame and its contents. Called disabled: it touches mapped memory only.
    bool fill(std::uint64_t page) {
        ++faults_;
        const auto slot = room();
        if (!slot) return false;
        const std::uint64_t address = base_ + page * lamina::page_size;
        if (!sys::frames_map(fixed::self, slots_[*slot].run, slots_[*slot].index, 1, address,
                             lamina::Protection::read | lamina::Protection::write))
            return false;
        slots_[*slot].page = page;
        auto* words = reinterpret_cast<std::uint64_t*>(address);
        for (std::uint64_t i = 0; i < words_per_page; ++i)
            words[i] = word_at(page, i);
        return sys::frames_protect(fixed::self, address, 1, lamina::Protection::read).has_value();
    }

    const std::uint64_t* words(std::uint64_t page) const {
        return reinterpret_cast<const std::uint64_t*>(base_ + page * lamina::page_size);
    }
    std::uint64_t base() const { return base_; }
    std::uint64_t frames() const { return count_; }
    std::uint64_t faults() const { return faults_; }
    std::uint64_t evictions() const { return evictions_; }

private:
    // A slot with a frame that is not mapped: a new one, or that of the page that came first.
    lamina::Result<std::uint64_t> room() {
        if (count_ == allocated_) allocate_run();
        if (count_ < allocated_) return count_++;
        if (count_ == 0) return lamina::fail(lamina::Status::quota_exceeded);
        const auto oldest = evictions_++ % count_;
        LAMINA_CHECK(
            sys::frames_unmap(fixed::self, base_ + slots_[oldest].page * lamina::page_size, 1));
        return oldest;
    }

    // Frames by many, as each run takes a capability; shorter runs when the account is nearly
    // empty.
    void allocate_run() {
        for (; run_frames_ != 0; run_frames_ /= 2) {
            if (allocated_ + run_frames_ > slots_.size()) continue;
            const auto run = sys::frames_alloc(account_, run_frames_);
            if (!run) continue;
            for (std::uint64_t i = 0; i < run_frames_; ++i)
                slots_[allocated_++] = {*run, i, 0};
            return;
        }
    }

    std::array<Slot, account_frames> slots_ = {};
    std::uint64_t allocated_ = 0;
    std::uint64_t count_ = 0;  // in use
    std::uint64_t run_frames_ = 64;
    std::uint64_t base_ = 0;
    lamina::Handle account_ = lamina::Handle::null;
    std::uint64_t faults_ = 0;
    std::uint64_t evictions_ = 0;
};

constinit Pager pager;

bool on_page_fault(lamina::VcpuArea& area) {
    return pager.holds(area.trap_address) &&
           pager.fill((area.trap_address - pager.base()) / lamina::page_size);
}

/// One pass over all of it, then here and there. `word` reads a word of a page.
template <typename Word>
std::uint64_t checksum(Word word) {
    std::uint64_t sum = 0;
    for (std::uint64_t page = 0; page < pages; ++page)
        for (std::uint64_t i = 0; i < words_per_page; i += 64)
            sum = (sum << 1 | sum >> 63) ^ word(page, i);
    for (std::uint64_t i = 0; i < touches; ++i) {
        const auto where = mix(i);
        // Three in four within one megabyte: those stay, if the pager is any good.
        const auto page = where % 4 == 0 ? where / 4 % pages : where / 4 % 256;
        sum = (sum << 1 | sum >> 63) ^ word(page, where >> 32 & (words_per_page - 1));
    }
    return sum;
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (const auto started = pager.start(); !started) {
        libos::print("pager_demo: ", lamina::status_name(started.error()), "\n");
        return 2;
    }
    libos::set_trap_handler(page_fault, on_page_fault);
    const auto read = checksum([](auto page, auto word) { return pager.words(page)[word]; });
    const auto right = read == checksum(word_at);
    libos::print("pager_demo: ", pages, " pages in ", pager.frames(), " frames, checksum ",
                 libos::Hex{read}, right ? " is right\n" : " is wrong\n");
    libos::print("pager_demo: ", pager.faults(), " faults, ", pager.evictions(), " evictions\n");
    return right ? 0 : 1;
}
