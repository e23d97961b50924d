// tests/unit/libos/linux/descriptors_test.cpp - the table of file descriptors.
#include "libos/linux/descriptors.hpp"

#include "doctest/doctest.h"

using libos::linux_abi::Descriptors;
using libos::linux_abi::Errno;
using libos::linux_abi::File;

TEST_CASE("0, 1 and 2 are the console, nothing else is open") {
    const Descriptors descriptors;
    for (std::int32_t fd = 0; fd < 3; ++fd)
        CHECK(descriptors.get(fd) == File::console);
    for (const std::int32_t fd : {-1, 3, Descriptors::descriptors_max, INT32_MIN, INT32_MAX})
        CHECK(descriptors.get(fd).error() == Errno::ebadf);
}

TEST_CASE("a duplicate takes the lowest free number from the given one on") {
    Descriptors descriptors;
    CHECK(descriptors.duplicate(1, 0, false) == 3);
    CHECK(descriptors.duplicate(1, 10, false) == 10);
    CHECK(descriptors.duplicate(1, 0, false) == 4);
    REQUIRE(descriptors.close(0));
    CHECK(descriptors.duplicate(1, 0, false) == 0);
    CHECK(descriptors.get(10) == File::console);
}

TEST_CASE("duplicating says what is wrong") {
    Descriptors descriptors;
    CHECK(descriptors.duplicate(7, 0, false).error() == Errno::ebadf);
    CHECK(descriptors.duplicate(1, -1, false).error() == Errno::einval);
    CHECK(descriptors.duplicate(1, Descriptors::descriptors_max, false).error() == Errno::einval);
    CHECK(descriptors.duplicate_to(7, 8, false).error() == Errno::ebadf);
    CHECK(descriptors.duplicate_to(1, -1, false).error() == Errno::ebadf);
    CHECK(descriptors.duplicate_to(1, Descriptors::descriptors_max, false).error() == Errno::ebadf);
    for (std::int32_t fd = 3; fd < Descriptors::descriptors_max; ++fd)
        CHECK(descriptors.duplicate(0, 0, false) == fd);
    CHECK(descriptors.duplicate(0, 0, false).error() == Errno::emfile);
}

TEST_CASE("a closed descriptor is closed once") {
    Descriptors descriptors;
    CHECK(descriptors.close(2));
    CHECK(descriptors.get(2).error() == Errno::ebadf);
    CHECK(descriptors.close(2).error() == Errno::ebadf);
    CHECK(descriptors.get(1) == File::console);
}

TEST_CASE("close-on-exec belongs to the number, not to what it stands for") {
    Descriptors descriptors;
    CHECK(descriptors.duplicate(1, 5, true) == 5);
    CHECK(descriptors.close_on_exec(5) == true);
    CHECK(descriptors.close_on_exec(1) == false);
    CHECK(descriptors.duplicate_to(5, 6, false) == 6);
    CHECK(descriptors.close_on_exec(6) == false);
    REQUIRE(descriptors.set_close_on_exec(6, true));
    CHECK(descriptors.close_on_exec(6) == true);
    CHECK(descriptors.close_on_exec(9).error() == Errno::ebadf);
    CHECK(descriptors.set_close_on_exec(9, true).error() == Errno::ebadf);
}
