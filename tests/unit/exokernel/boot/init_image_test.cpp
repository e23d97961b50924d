// tests/unit/exokernel/boot/init_image_test.cpp - finding init in the boot archive.
#include "exokernel/boot/init_image.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <vector>

#include "doctest/doctest.h"
#include "lamina/archive_header.hpp"
#include "lamina/crc32.hpp"
#include "lamina/layout.hpp"
#include "tests/mutation/mutation.hpp"

using exo::boot::InitHeader;
using exo::boot::InitImage;
using lamina::page_size;
using lamina::Status;

namespace {

/// An archive of a header, a page of something else, and init.
struct File {
    lamina::ArchiveHeader header = {
        {'L', 'A', 'M', 'A', 'R', 'C', 'H', '1'}, lamina::archive_format_version, 0, 0, 0, 2};
    InitHeader init = {0, {1, 1, 2}, 0x40'0000, 0x40'1fff};
    std::size_t page_count = 4;

    /// All of it, with size and checksum made good.
    std::vector<std::byte> bytes() {
        std::vector<std::byte> made((3 + page_count) * page_size);
        for (std::size_t i = 3 * page_size; i < made.size(); ++i)
            made[i] = std::byte(i * 7 + i / page_size);
        header.total_bytes = made.size();
        std::memcpy(made.data(), &header, sizeof header);
        std::memcpy(made.data() + 2 * page_size, &init, sizeof init);
        seal(made);
        return made;
    }
    static void seal(std::vector<std::byte>& made) {
        const auto sum = lamina::crc32(std::span<const std::byte>(made).subspan(2 * page_size + 4));
        std::memcpy(made.data() + 2 * page_size, &sum, sizeof sum);
    }
};

Status status_of(std::span<const std::byte> file) {
    const auto found = exo::boot::find_init(file);
    return found ? Status::ok : found.error();
}

/// The status after a change to the header of the archive or of init.
template <typename Change>
Status after(Change change) {
    File file;
    change(file);
    return status_of(file.bytes());
}

}  // namespace

TEST_CASE("a good init gives its parts, their pages and its entry") {
    File file;
    const auto bytes = file.bytes();
    const auto found = exo::boot::find_init(bytes);
    REQUIRE(found);
    CHECK(found->header.entry == 0x40'1fff);
    CHECK(found->header.address == 0x40'0000);
    CHECK(std::ranges::equal(found->header.page_count, std::array{1U, 1U, 2U}));
    CHECK(found->pages.data() == bytes.data() + 3 * page_size);
    CHECK(found->pages.size() == 4 * page_size);
}

TEST_CASE("what lies behind init does not belong to it") {
    File file;
    auto bytes = file.bytes();
    bytes.resize(bytes.size() + 5000);
    CHECK(status_of(bytes) == Status::ok);
}

TEST_CASE("the archive's header is checked") {
    CHECK(after([](File& f) { f.header.magic[0] = 'l'; }) == Status::archive_magic);
    CHECK(after([](File& f) { ++f.header.version; }) == Status::archive_version);
    CHECK(after([](File& f) { f.header.init_page = 0; }) == Status::archive_no_entry);
    CHECK(after([](File& f) { f.header.init_page = 7; }) == Status::archive_truncated);
    CHECK(after([](File& f) { f.header.init_page = ~0U; }) == Status::archive_truncated);
}

TEST_CASE("every truncation by a page, and of the header, is told") {
    File file;
    const auto good = file.bytes();
    for (const std::size_t size : {std::size_t{0}, std::size_t{31}, std::size_t{4096},
                                   2 * page_size, 3 * page_size, 6 * page_size, good.size() - 1})
        CHECK(status_of(std::span(good).first(size)) == Status::archive_truncated);
}

TEST_CASE("a size in the header that is too small is told") {
    File file;
    auto bytes = file.bytes();
    for (const std::uint64_t total :
         {std::uint64_t{0}, std::uint64_t{31}, 3 * page_size - 1, bytes.size() - 1}) {
        file.header.total_bytes = total;
        std::memcpy(bytes.data(), &file.header, sizeof file.header);
        CHECK(status_of(bytes) == Status::archive_truncated);
    }
}

TEST_CASE("a byte of init changed, in its header or its pages, is damage") {
    File file;
    const auto good = file.bytes();
    for (const std::size_t at :
         {2 * page_size, 2 * page_size + 17, 3 * page_size - 1, 3 * page_size, good.size() - 1}) {
        auto bytes = good;
        bytes[at] ^= std::byte{0x10};
        CAPTURE(at);
        CHECK(status_of(bytes) == Status::archive_entry_damaged);
    }
}

TEST_CASE("each field of init is checked, in an image whose checksum is good") {
    const auto address = [](std::uint64_t start) {
        return after([=](File& f) {
            f.init.entry += start - f.init.address;
            f.init.address = start;
        });
    };
    for (const unsigned part : {0U, 1U, 2U}) {
        CHECK(after([=](File& f) { ++f.init.page_count[part]; }) == Status::archive_truncated);
        CHECK(after([=](File& f) { f.init.page_count[part] = ~0U; }) == Status::archive_truncated);
    }
    CHECK(after([](File& f) { std::ranges::fill(f.init.page_count, ~0U); }) ==
          Status::archive_truncated);
    CHECK(address(0x40'0001) == Status::bad_address);
    CHECK(address(0) == Status::bad_address);
    CHECK(address(lamina::user_end - 3 * page_size) == Status::bad_address);
    CHECK(address(lamina::user_end - 4 * page_size) == Status::ok);
    CHECK(address(0xffff'8000'0000'0000) == Status::bad_address);
}

TEST_CASE("a part may have no page") {
    CHECK(after([](File& f) {
              f.init.page_count[2] = 0;
              f.page_count = 2;
          }) == Status::ok);
    CHECK(after([](File& f) {
              f.init.page_count[0] = 0;
              f.page_count = 3;
              f.init.entry = 0x40'0000;
          }) == Status::ok);
}

TEST_CASE("the entry lies in the code") {
    for (const std::uint64_t entry :
         {std::uint64_t{0}, std::uint64_t{0x40'0fff}, std::uint64_t{0x40'2000}, ~std::uint64_t{0}})
        CHECK(after([&](File& f) { f.init.entry = entry; }) == Status::bad_address);
    CHECK(after([](File& f) { f.init.entry = 0x40'1000; }) == Status::ok);
    CHECK(after([](File& f) {
              std::ranges::fill(f.init.page_count, 0U);
              f.page_count = 0;
          }) == Status::bad_address);
}

TEST_CASE("4000 damaged images: what is accepted lies in the file and keeps the rules") {
    File file;
    const auto good = file.bytes();
    std::map<Status, int> seen;
    for (std::uint64_t round = 1; round <= 4000; ++round) {
        mutation::Random random(round);
        auto bytes = good;
        for (auto changes = 1 + random.below(3); changes != 0; --changes) {
            const auto place = random.below(4) == 0 ? random.below(sizeof(lamina::ArchiveHeader))
                                                    : 2 * page_size + 4 + random.below(28);
            bytes[place] = std::byte(random.below(2) == 0 ? random.below(8) : random.below(256));
        }
        // Most of them with a checksum that fits, or nothing behind it would be reached.
        if (round % 8 != 0) File::seal(bytes);
        const auto found = exo::boot::find_init(bytes);
        ++seen[found ? Status::ok : found.error()];
        if (!found) continue;
        CHECK(found->pages.data() >= bytes.data());
        CHECK(found->pages.data() + found->pages.size() <= bytes.data() + bytes.size());
        std::uint64_t pages = 0;
        for (const std::uint32_t count : found->header.page_count)
            pages += count;
        CHECK(pages * page_size == found->pages.size());
        CHECK(lamina::in_user_half(found->header.address, pages * page_size));
        CHECK(lamina::page_aligned(found->header.address));
    }
    for (const auto status :
         {Status::ok, Status::archive_truncated, Status::archive_magic, Status::archive_version,
          Status::archive_entry_damaged, Status::bad_address}) {
        CAPTURE(lamina::status_name(status));
        CHECK(seen[status] > 0);
    }
}
