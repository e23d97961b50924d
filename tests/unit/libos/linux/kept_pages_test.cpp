// tests/unit/libos/linux/kept_pages_test.cpp - the list of kept pages against a map of single ones.
#include "libos/linux/kept_pages.hpp"

#include <map>

#include "doctest/doctest.h"
#include "lamina/layout.hpp"
#include "tests/mutation/mutation.hpp"

using lamina::page_size;
using libos::linux_abi::KeptPages;
using libos::linux_abi::KeptRange;

namespace {

constexpr std::uint64_t page(std::uint64_t number) { return number * page_size; }

std::map<std::uint64_t, std::uint64_t> pages_of(const KeptPages& kept, std::uint64_t first,
                                                std::uint64_t end) {
    std::map<std::uint64_t, std::uint64_t> found;
    kept.for_each(first, end, [&](const KeptRange& part) {
        REQUIRE(part.first >= first);
        REQUIRE(part.end <= end);
        for (auto at = part.first; at < part.end; at += page_size)
            REQUIRE(found.emplace(at, part.copy + (at - part.first)).second);
    });
    return found;
}

}  // namespace

TEST_CASE("every page is found where it is kept, whatever was added and taken away") {
    mutation::Random random(1);
    KeptPages kept;
    std::map<std::uint64_t, std::uint64_t> model;
    std::uint64_t copy = page(1000);
    for (int step = 0; step < 4'000; ++step) {
        const auto first = page(random.below(100));
        const auto end = first + page(1 + random.below(12));
        const auto in_range = model.lower_bound(first);
        const bool free = in_range == model.end() || in_range->first >= end;
        CHECK(kept.has_any(first, end) == !free);
        if (free && random.below(2) == 0) {
            REQUIRE(kept.insert({first, end, copy}));
            for (auto at = first; at < end; at += page_size, copy += page_size)
                model[at] = copy;
        } else {
            REQUIRE(kept.can_erase(first, end));
            kept.erase(first, end);
            model.erase(model.lower_bound(first), model.lower_bound(end));
        }
        REQUIRE(pages_of(kept, 0, page(200)) == model);
        const auto low = page(random.below(60));
        const auto high = page(60 + random.below(60));
        REQUIRE(pages_of(kept, low, high) ==
                std::map(model.lower_bound(low), model.lower_bound(high)));
    }
}

TEST_CASE("a full list takes no range more and cannot split one, and says so") {
    KeptPages kept;
    for (std::uint64_t i = 0; i < KeptPages::ranges_max; ++i)
        REQUIRE(kept.insert({page(10 * i), page(10 * i + 3), page(5000 + 3 * i)}));
    CHECK(kept.insert({page(5), page(6), 0}).error() == lamina::Status::limit_reached);
    CHECK(kept.size() == KeptPages::ranges_max);
    CHECK_FALSE(kept.can_erase(page(11), page(12)));
    CHECK(kept.can_erase(page(10), page(12)));
    CHECK(kept.can_erase(page(11), page(13)));
    CHECK(kept.can_erase(page(3), page(9)));
    kept.erase(page(0), page(1000));
    CHECK(kept.size() == KeptPages::ranges_max - 100);
    CHECK(kept.can_erase(page(1011), page(1012)));
}
