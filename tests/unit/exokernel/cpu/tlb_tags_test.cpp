// tests/unit/exokernel/cpu/tlb_tags_test.cpp - TlbTags: tags of spaces, and when their entries
// hold.
#include "exokernel/cpu/tlb_tags.hpp"

#include <doctest/doctest.h>

#include <map>

#include "tests/mutation/mutation.hpp"

using exo::TlbTags;

TEST_CASE("a space that is loaded again keeps its tag and its entries") {
    TlbTags tags;
    const auto first = tags.choose(7, 0);
    CHECK(first.tag >= 1);
    CHECK_FALSE(first.keep);
    CHECK(tags.choose(8, 0).tag != first.tag);
    const auto again = tags.choose(7, 0);
    CHECK(again.tag == first.tag);
    CHECK(again.keep);
}

TEST_CASE("a younger generation keeps the tag but not the entries") {
    TlbTags tags;
    const auto first = tags.choose(7, 0);
    const auto changed = tags.choose(7, 1);
    CHECK(changed.tag == first.tag);
    CHECK_FALSE(changed.keep);
    CHECK(tags.choose(7, 1).keep);
}

TEST_CASE("a tag that another space has had since is not kept") {
    TlbTags tags;
    const auto first = tags.choose(1, 0);
    for (std::uint64_t env = 2; env < 2 + TlbTags::count; ++env) {
        const auto other = tags.choose(env, 0);
        CHECK(other.tag <= TlbTags::count);
        CHECK_FALSE(other.keep);
    }
    CHECK_FALSE(tags.choose(1, 0).keep);
    CHECK(first.tag <= TlbTags::count);
}

TEST_CASE("entries are kept only under the space and generation that made them last") {
    TlbTags tags;
    mutation::Random random(1);
    std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>> last;
    std::uint64_t generations[40] = {};
    int kept = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t env = 1 + random.below(random.below(5) != 0 ? 10 : 39);
        if (random.below(10) == 0) ++generations[env];
        const auto chosen = tags.choose(env, generations[env]);
        const auto now = std::pair{env, generations[env]};
        REQUIRE(chosen.keep == (last.contains(chosen.tag) && last[chosen.tag] == now));
        kept += chosen.keep;
        last[chosen.tag] = now;
    }
    CHECK(kept > 1000);
}
