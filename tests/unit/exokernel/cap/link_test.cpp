// tests/unit/exokernel/cap/link_test.cpp - Link: rings and what happens to their members.
#include "exokernel/cap/link.hpp"

#include <vector>

#include "doctest/doctest.h"

using exo::Link;

namespace {

/// The others of a ring, in order; checks that it is the same backwards.
std::vector<const Link*> others(const Link& head) {
    std::vector<const Link*> found;
    for (const Link* link = head.next; link != &head; link = link->next) {
        CHECK(link->previous->next == link);
        CHECK(link->next->previous == link);
        found.push_back(link);
    }
    return found;
}

struct Rings {
    Rings() {
        for (Link* head : {&outer, &inner})
            head->close();
    }
    Link outer, inner, a, b, c, x, y;
};

}  // namespace

TEST_CASE_FIXTURE(Rings, "a closed link is alone") {
    CHECK(outer.alone());
    CHECK(others(outer).empty());
}

TEST_CASE_FIXTURE(Rings, "links join as the youngest and leave from anywhere") {
    a.join(outer);
    b.join(outer);
    c.join(outer);
    CHECK(others(outer) == std::vector<const Link*>{&a, &b, &c});
    CHECK_FALSE(outer.alone());
    b.leave();
    CHECK(others(outer) == std::vector<const Link*>{&a, &c});
    a.leave();
    c.leave();
    CHECK(outer.alone());
}

TEST_CASE_FIXTURE(Rings, "a ring goes on without its head") {
    a.join(outer);
    b.join(outer);
    outer.leave();
    CHECK(others(a) == std::vector<const Link*>{&b});
    b.leave();
    CHECK(a.alone());
}

TEST_CASE_FIXTURE(Rings, "a member gives way to another ring's members, in its place") {
    a.join(outer);
    b.join(outer);
    c.join(outer);
    x.join(inner);
    y.join(inner);
    b.give_way_to(inner);
    CHECK(others(outer) == std::vector<const Link*>{&a, &x, &y, &c});
    CHECK(inner.alone());
}

TEST_CASE_FIXTURE(Rings, "giving way to nobody is leaving") {
    a.join(outer);
    b.join(outer);
    a.give_way_to(inner);
    CHECK(others(outer) == std::vector<const Link*>{&b});
    CHECK(inner.alone());
}

TEST_CASE_FIXTURE(Rings, "who is alone leaves the others as a ring without a head") {
    a.close();
    x.join(inner);
    y.join(inner);
    a.give_way_to(inner);
    CHECK(others(x) == std::vector<const Link*>{&y});
    CHECK(inner.alone());
}

TEST_CASE_FIXTURE(Rings, "a link takes the place of another, also of a head") {
    a.join(outer);
    b.join(outer);
    c.replace(a);
    CHECK(others(outer) == std::vector<const Link*>{&c, &b});
    x.replace(outer);
    CHECK(others(x) == std::vector<const Link*>{&c, &b});
    a.close();
    y.replace(a);
    CHECK(y.alone());
}
