// tests/copy_on_write/sharing_race_test.cpp - a region is shared, settled and made private while
// another vCPU of the environment writes to it without a break.
#include <atomic>
#include <cstdint>

#include "libos/pager/private_region.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vcpu/vcpu.hpp"
#include "tests/copy_on_write/sharer.hpp"
#include "tests/guest/support.hpp"

namespace {

using libos::PrivateRegion;
using sharer::Sharer;
using sharer::Task;
namespace sys = libos::sys;

constexpr std::uint64_t pages = 80;
constexpr unsigned rounds = 5;

struct Writer {
    PrivateRegion* region;
    std::atomic<bool> stop;
    std::atomic<std::uint64_t> laps;
    std::uint64_t lost;
};

// Writes 1, 2, 3 ... to all pages, and counts what is no longer as it has left it.
void write_on(void* argument) {
    auto& self = *static_cast<Writer*>(argument);
    const auto bytes = self.region->bytes();
    for (std::uint64_t lap = 1; !self.stop.load(); ++lap) {
        for (std::uint64_t page = 0; page < pages; ++page) {
            auto& word = sharer::first_word(bytes, page);
            if (word != lap - 1) ++self.lost;
            word = lap;
        }
        self.laps.store(lap);
    }
}

void wait_for_laps(const Writer& writer, std::uint64_t more) {
    const auto until = writer.laps.load() + more;
    while (writer.laps.load() < until)
        (void)sys::vcpu_yield();
}

void share_once(PrivateRegion& region, const Writer& writer) {
    auto child = Sharer::start(512);
    TEST_ASSERT_OK(child);
    wait_for_laps(writer, 1);
    const auto before = writer.laps.load();
    TEST_ASSERT_OK(region.share({child->env(), child->account(), sharer::region_address}));
    TEST_ASSERT_EQUAL(0U, *child->tell(Task::adopt, sharer::region_address));
    const auto seen = *child->tell(Task::cut, 0, pages);
    TEST_ASSERT_TRUE(seen >= before);
    wait_for_laps(writer, 2);
    TEST_ASSERT_OK(region.make_private(pages / 2, pages / 2));
    TEST_ASSERT_TRUE(region.settle() <= pages);
    // What the child sees is what was, while the parent goes on.
    TEST_ASSERT_EQUAL(seen, *child->tell(Task::cut, 0, pages));
    (void)child->end();
    // Now the frames come back, from under the writer.
    TEST_ASSERT_EQUAL(0U, region.settle());
}

void test_what_is_shared_is_one_moment_of_it() {
    auto region = PrivateRegion::create(pages);
    TEST_ASSERT_OK(region);
    auto vcpu = libos::Vcpu::create(libos::fixed::account, 1);
    TEST_ASSERT_OK(vcpu);
    Writer writer = {&*region, {false}, {0}, 0};
    (*vcpu)->run(write_on, &writer);
    for (unsigned round = 0; round < rounds && !TEST_FAILED(); ++round)
        share_once(*region, writer);
    writer.stop.store(true);
    (*vcpu)->join();
    TEST_ASSERT_EQUAL(0U, writer.lost);
    TEST_ASSERT_TRUE(region->statistics().copies >= rounds);
    TEST_ASSERT_TRUE(sharer::is_cut(region->bytes(), pages));
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_what_is_shared_is_one_moment_of_it);
    return libos::unity::end();
}
