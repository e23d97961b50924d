// tests/unit/libos/linux/regions_test.cpp - the list of regions against a map of single pages.
#include "libos/linux/regions.hpp"

#include <map>
#include <memory>
#include <optional>

#include "doctest/doctest.h"
#include "lamina/layout.hpp"
#include "tests/mutation/mutation.hpp"

using lamina::page_size;
using lamina::Protection;
using lamina::Status;
using libos::linux_abi::no_access;
using libos::linux_abi::Region;
using libos::linux_abi::Regions;

namespace {

constexpr auto read_only = Protection::read;
constexpr auto read_write = Protection::read | Protection::write;

constexpr std::uint64_t page(std::uint64_t number) { return number * page_size; }

// What each page is: the simplest thing that could be right.
struct Model {
    struct Page {
        Protection protection;
        bool backed;
        bool operator==(const Page&) const = default;
    };
    std::map<std::uint64_t, Page> pages;

    template <typename Change>
    void change(std::uint64_t first, std::uint64_t end, Change what) {
        for (auto at = pages.lower_bound(first); at != pages.end() && at->first < end;)
            at = what(at);
    }
};

// Every page is as in the model; regions are in order, disjoint and joined.
void check_alike(const Regions& regions, const Model& model, std::uint64_t limit) {
    std::map<std::uint64_t, Model::Page> seen;
    std::optional<Region> before;
    std::size_t count = 0;
    regions.for_each(0, page(limit), [&](const Region& region) {
        REQUIRE(region.first < region.end);
        if (before) {
            REQUIRE(before->end <= region.first);
            REQUIRE((before->end != region.first || before->protection != region.protection ||
                     before->backed != region.backed));
        }
        before = region;
        ++count;
        for (auto at = region.first; at < region.end; at += page_size)
            seen[at] = {region.protection, region.backed};
        return true;
    });
    REQUIRE(seen == model.pages);
    REQUIRE(count == regions.size());
}

}  // namespace

TEST_CASE("a byte is found in its region, and no other") {
    Regions regions;
    REQUIRE(regions.insert({page(2), page(4), read_only, true}));
    CHECK(regions.find(page(2) - 1) == nullptr);
    REQUIRE(regions.find(page(2)) != nullptr);
    CHECK(regions.find(page(4) - 1)->end == page(4));
    CHECK(regions.find(page(4)) == nullptr);
}

TEST_CASE("access is allowed if every byte of it is") {
    Regions regions;
    REQUIRE(regions.insert({page(2), page(4), read_write, true}));
    REQUIRE(regions.insert({page(4), page(5), read_only, false}));
    REQUIRE(regions.insert({page(6), page(7), no_access, false}));
    CHECK(regions.allows(page(2), 3 * page_size, read_only));
    CHECK(!regions.allows(page(2), 3 * page_size, read_write));
    CHECK(regions.allows(page(2), 2 * page_size, read_write));
    CHECK(!regions.allows(page(2), 3 * page_size + 1, read_only));
    CHECK(!regions.allows(page(2) - 1, 2, read_only));
    CHECK(!regions.allows(page(6), 1, read_only));
    CHECK(regions.covers(page(6), page(7)));
    CHECK(regions.allows(0, 0, read_write));
    CHECK(!regions.allows(page(2), ~std::uint64_t{0}, read_only));
    CHECK(!regions.allows(~std::uint64_t{0}, 2, read_only));
}

TEST_CASE("free room is found as high as possible") {
    Regions regions;
    CHECK(regions.find_free(page(3), page(10), page(20)) == page(17));
    CHECK(regions.find_free(page(10), page(10), page(20)) == page(10));
    CHECK(!regions.find_free(page(11), page(10), page(20)));
    REQUIRE(regions.insert({page(17), page(25), read_only, false}));
    CHECK(regions.find_free(page(3), page(10), page(20)) == page(14));
    REQUIRE(regions.insert({page(15), page(16), read_only, false}));
    CHECK(regions.find_free(page(1), page(10), page(20)) == page(16));
    CHECK(regions.find_free(page(2), page(10), page(20)) == page(13));
    REQUIRE(regions.insert({page(8), page(12), read_only, false}));
    CHECK(regions.find_free(page(3), page(10), page(20)) == page(12));
    CHECK(!regions.find_free(page(4), page(10), page(20)));
    CHECK(regions.find_free(page(5), page(20), page(30)) == page(25));
}

TEST_CASE("what would make too many regions is refused and changes nothing") {
    const auto regions = std::make_unique<Regions>();
    for (std::uint64_t i = 0; i < Regions::regions_max - 1; ++i)
        REQUIRE(regions->insert({page(4 * i), page(4 * i + 3), read_only, false}));
    CHECK(!regions->can_cut());
    CHECK(regions->erase(page(1), page(2)).error() == Status::limit_reached);
    CHECK(regions->protect(page(1), page(2), read_write).error() == Status::limit_reached);
    CHECK(regions->set_backed(page(1), page(2), true).error() == Status::limit_reached);
    CHECK(regions->find(page(1))->end == page(3));
    CHECK(regions->insert({page(99999), page(100000), read_only, false}));
    CHECK(regions->insert({page(99997), page(99998), read_only, false}).error() ==
          Status::limit_reached);
    CHECK(regions->size() == Regions::regions_max);
}

TEST_CASE("20000 random changes leave the same pages as in the model") {
    constexpr std::uint64_t limit = 64;
    mutation::Random random(7);
    const auto regions = std::make_unique<Regions>();
    Model model;
    for (int round = 0; round < 20'000; ++round) {
        const auto first = page(random.below(limit));
        const auto end = first + page(1 + random.below(8));
        const auto protection = Protection(random.below(8));
        const bool backed = random.below(2) == 0;
        switch (random.below(4)) {
            case 0:
                CHECK(regions->is_free(first, end) ==
                      (model.pages.lower_bound(first) == model.pages.lower_bound(end)));
                if (regions->is_free(first, end)) {
                    REQUIRE(regions->insert({first, end, protection, backed}));
                    for (auto at = first; at < end; at += page_size)
                        model.pages[at] = {protection, backed};
                }
                break;
            case 1:
                REQUIRE(regions->erase(first, end));
                model.change(first, end, [&](auto at) { return model.pages.erase(at); });
                break;
            case 2:
                REQUIRE(regions->protect(first, end, protection));
                model.change(first, end, [&](auto at) {
                    at->second.protection = protection;
                    return ++at;
                });
                break;
            default:
                REQUIRE(regions->set_backed(first, end, backed));
                model.change(first, end, [&](auto at) {
                    at->second.backed = backed;
                    return ++at;
                });
        }
        check_alike(*regions, model, limit + 16);
    }
}
