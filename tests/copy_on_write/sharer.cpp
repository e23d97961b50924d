// tests/copy_on_write/sharer.cpp - does to a shared region what it is told.
#include "tests/copy_on_write/sharer.hpp"

#include "libos/pager/private_region.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"

namespace {

using libos::PrivateRegion;
using sharer::Sharer;
using sharer::Task;
namespace sys = libos::sys;

constexpr auto news = lamina::make_handle(9, 0);
constexpr auto go = lamina::make_handle(10, 0);

constexpr std::uint64_t seed_of_others = 1;
constexpr std::uint64_t seed_of_ours = 2;
constexpr std::uint64_t seed_of_theirs = 3;

std::uint64_t status_of(const auto& result) {
    return std::uint64_t(result ? lamina::Status::ok : result.error());
}

// The line, if it is not so.
#define EXPECT(condition) \
    if (!(condition)) return __LINE__

// Writes to pages 0 to 3, shares all with a sharer of its own, lets that write to pages 2 to 4, and
// writes to page 4 itself.
std::uint64_t share_on(PrivateRegion& region, std::uint64_t pages) {
    sharer::fill(region.bytes(), 0, 4, seed_of_ours);
    auto other = Sharer::start(128);
    EXPECT(other);
    const auto ours = region.statistics().copies;
    const auto unshared = other->charged();
    EXPECT(region.share({other->env(), other->account(), sharer::region_address}));
    EXPECT(other->charged() - unshared < pages / 2);
    EXPECT(other->tell(Task::adopt, sharer::region_address) == 0);
    EXPECT(other->tell(Task::count_filled, 0, 4, seed_of_ours) == 4);
    EXPECT(other->tell(Task::count_filled, 4, pages - 4, seed_of_others) == pages - 4);

    const auto charged = other->charged();
    EXPECT(other->tell(Task::fill, 2, 3, seed_of_theirs) == 0);
    EXPECT(other->charged() == charged + 3);
    EXPECT(sharer::count_filled(region.bytes(), 0, 4, seed_of_ours) == 4);
    EXPECT(sharer::count_filled(region.bytes(), 4, pages - 4, seed_of_others) == pages - 4);
    EXPECT(region.statistics().copies == ours);

    sharer::fill(region.bytes(), 4, 1, seed_of_ours);
    EXPECT(region.statistics().copies == ours + 1);
    EXPECT(other->tell(Task::count_filled, 2, 3, seed_of_theirs) == 3);
    // A frame that the other one alone uses by now is copied; one that nobody else does is not.
    sharer::fill(region.bytes(), 0, 1, seed_of_others);
    EXPECT(region.statistics().copies == ours + 2);
    EXPECT(other->tell(Task::count_filled, 0, 2, seed_of_ours) == 2);
    sharer::fill(region.bytes(), 2, 1, seed_of_others);
    EXPECT(region.statistics().copies == ours + 2);
    EXPECT(other->end().cause == lamina::EndCause::killed);
    sharer::fill(region.bytes(), 1, 1, seed_of_others);
    EXPECT(region.statistics().copies == ours + 2);
    return 0;
}

// Of its table's first page, where no slot has been used twice.
std::uint64_t readable() {
    using lamina::Rights;
    std::uint64_t frames = 0;
    for (auto slot = lamina::slots::first_free; slot < 64; ++slot) {
        lamina::CapInfo info = {};
        if (!sys::cap_inspect(lamina::make_handle(slot, 0), &info)) continue;
        if (info.type != lamina::ObjectType::frames) continue;
        if (info.rights != (Rights::read | Rights::copy)) return 0;
        frames += info.count;
    }
    return frames;
}

std::uint64_t perform(PrivateRegion& region, const sharer::Board& board) {
    const auto [task, first, count, seed, result] = board;
    switch (task) {
        case Task::adopt: {
            auto adopted = PrivateRegion::adopt(first);
            if (adopted) region = std::move(*adopted);
            return status_of(adopted);
        }
        case Task::fill: sharer::fill(region.bytes(), first, count, seed); return 0;
        case Task::count_filled: return sharer::count_filled(region.bytes(), first, count, seed);
        case Task::make_private: return status_of(region.make_private(first, count));
        case Task::cut:
            return sharer::is_cut(region.bytes(), count) ? sharer::first_word(region.bytes(), 0)
                                                         : 0;
        case Task::copies: return region.statistics().copies;
        case Task::faults: return region.statistics().faults;
        case Task::readable: return readable();
        case Task::run: {
            auto* const start = region.bytes().data() + first * lamina::page_size;
            return reinterpret_cast<std::uint64_t (*)()>(start)();
        }
        case Task::share_on: return share_on(region, count);
        case Task::let_go: region = {}; return 0;
    }
    return ~std::uint64_t{0};
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    auto& board = *reinterpret_cast<sharer::Board*>(sharer::board_address);
    PrivateRegion region;
    while (sys::notification_wait(go, 1, lamina::wait_forever)) {
        board.result = perform(region, board);
        (void)sys::notification_signal(news, 1);
    }
    return 1;
}
