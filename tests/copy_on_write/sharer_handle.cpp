// tests/copy_on_write/sharer_handle.cpp - starts an app `sharer` and tells it what to do.
#include "libos/sys/handles.hpp"
#include "tests/copy_on_write/sharer.hpp"
#include "tests/guest/support.hpp"

namespace sharer {

namespace {

using lamina::Protection;
using lamina::Rights;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t done_bit = 1;
constexpr std::uint64_t ended_bit = 2;
constexpr auto read_write = Protection::read | Protection::write;

constexpr std::uint64_t words_per_page = lamina::page_size / sizeof(std::uint64_t);

std::uint64_t word_of(std::uint64_t page, std::uint64_t word, std::uint64_t seed) {
    return (seed << 32 | page << 16 | word) * 0x9e37'79b9'7f4a'7c15;
}

}  // namespace

void fill(std::span<std::byte> region, std::uint64_t first, std::uint64_t count,
          std::uint64_t seed) {
    auto* words = reinterpret_cast<std::uint64_t*>(region.data());
    for (auto page = first; page < first + count; ++page)
        for (std::uint64_t word = 0; word < words_per_page; ++word)
            words[page * words_per_page + word] = word_of(page, word, seed);
}

std::uint64_t count_filled(std::span<const std::byte> region, std::uint64_t first,
                           std::uint64_t count, std::uint64_t seed) {
    const auto* words = reinterpret_cast<const std::uint64_t*>(region.data());
    std::uint64_t filled = 0;
    for (auto page = first; page < first + count; ++page) {
        std::uint64_t same = 0;
        for (std::uint64_t word = 0; word < words_per_page; ++word)
            same += words[page * words_per_page + word] == word_of(page, word, seed) ? 1 : 0;
        filled += same == words_per_page ? 1 : 0;
    }
    return filled;
}

bool is_cut(std::span<const std::byte> region, std::uint64_t pages) {
    for (std::uint64_t page = 1; page < pages; ++page)
        if (first_word(region, page) > first_word(region, page - 1)) return false;
    return first_word(region, 0) - first_word(region, pages - 1) <= 1;
}

lamina::Result<Sharer> Sharer::start(std::uint64_t quota_frames) {
    Sharer made;
    LAMINA_TRY(made.news_, libos::own(sys::notification_create(fixed::account)));
    LAMINA_TRY(made.go_, libos::own(sys::notification_create(fixed::account)));
    LAMINA_TRY(const libos::OwnedHandle frames, libos::own(sys::frames_alloc(fixed::account, 1)));
    LAMINA_TRY(made.board_, libos::Mapping::create(frames.get(), 0, 1, read_write));
    const libos::Grant grants[] = {
        {9, made.news_.get(), Rights::signal},
        {10, made.go_.get(), Rights::wait},
        {lamina::slots::console, fixed::console, Rights::write | Rights::copy},
        {lamina::slots::info, fixed::info, Rights::read | Rights::copy},
        {lamina::slots::archive, fixed::archive, Rights::read | Rights::copy}};
    auto request = guest::request("sharer");
    request.grants = grants;
    request.quota_frames = quota_frames;
    request.notification = made.news_.get();
    request.end_bits = ended_bit;
    request.keep_account = true;
    LAMINA_TRY(made.child_, libos::spawn(request));
    LAMINA_CHECK(sys::frames_map(made.env(), frames.get(), 0, 1, board_address, read_write));
    return made;
}

std::optional<std::uint64_t> Sharer::tell(Task task, std::uint64_t first, std::uint64_t count,
                                          std::uint64_t seed) {
    auto& board = *reinterpret_cast<Board*>(board_.address());
    board = {task, first, count, seed, 0};
    (void)sys::notification_signal(go_.get(), 1);
    const auto news =
        sys::notification_wait(news_.get(), done_bit | ended_bit, lamina::wait_forever);
    if (!news || (*news & done_bit) == 0) return {};
    return board.result;
}

std::uint64_t Sharer::charged() const {
    lamina::CapInfo info = {};
    (void)sys::cap_inspect(account(), &info);
    return info.used;
}

std::uint64_t Sharer::quota_free() const {
    lamina::CapInfo info = {};
    (void)sys::cap_inspect(account(), &info);
    return info.count - info.used;
}

lamina::EnvReport Sharer::end() {
    (void)sys::env_end(env(), 0);
    lamina::EnvReport report = {};
    while (!sys::env_report(env(), &report))
        (void)sys::vcpu_yield();
    return report;
}

}  // namespace sharer
