// tests/unit/exokernel/memory/frame_table_test.cpp - FrameTable: uses, runs, charges, by rule.
#include "exokernel/memory/frame_table.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "tests/unit/exokernel/memory/frames.hpp"

using namespace frames_test;

namespace {

bool all_bytes(FrameNumber frame, std::byte value) {
    const auto* bytes = static_cast<const std::byte*>(FrameTable::contents(frame));
    return std::all_of(bytes, bytes + page_size, [=](std::byte b) { return b == value; });
}

}  // namespace

TEST_CASE("all frames are reserved until memory is added") {
    Entries made(64);
    CHECK(made.table.size() == 64);
    CHECK(made.table.counts().total == 0);
    CHECK(made.table.alloc_run(1, *std::make_unique<Account>(HostMachine::account(1))).error() ==
          Status::out_of_frames);
}

TEST_CASE("added memory is free, and only it") {
    Entries made(64);
    made.table.add_free({8}, 16);
    CHECK(made.table.counts().total == 16);
    CHECK(made.table.counts().free == 16);
    CHECK(made.table.info({7}).state == FrameState::reserved);
    CHECK(made.table.info({24}).state == FrameState::reserved);
    CHECK(made.table.consistent());
}

TEST_CASE("frame 0 is never handed out") {
    Entries made(16);
    made.table.add_free({0}, 16);
    CHECK(made.table.counts().total == 15);
    CHECK(made.table.info({0}).state == FrameState::reserved);
    made.table.add_free({0}, 0);
    CHECK(made.table.counts().total == 15);
}

TEST_CASE_FIXTURE(Machine, "an allocated frame is zeroed, whatever was in it") {
    const FrameNumber first = alloc();
    CHECK(all_bytes(first, std::byte{0}));
    std::memset(FrameTable::contents(first), 0x5a, page_size);
    frames.free(first);
    CHECK(alloc() == first);
    CHECK(all_bytes(first, std::byte{0}));
}

TEST_CASE_FIXTURE(Machine, "every frame of a run is zeroed, and no frame beside it") {
    const FrameNumber first = run(5);
    for (std::uint32_t i = 0; i < 5; ++i)
        CHECK(all_bytes(first + i, std::byte{0}));
    CHECK(all_bytes({first.value - 1}, std::byte{0xa5}));
    CHECK(all_bytes(first + 5, std::byte{0xa5}));
}

TEST_CASE_FIXTURE(Machine, "frames are counted by use, and uncounted when freed") {
    const FrameNumber object = alloc(FrameState::object);
    const FrameNumber table = alloc(FrameState::table);
    const FrameNumber user = run(3);
    CHECK(frames.counts().objects == 1);
    CHECK(frames.counts().tables == 1);
    CHECK(frames.counts().user == 3);
    CHECK(free() == 1023 - 5);
    CHECK(frames.counts().total == 1023);
    frames.free(object);
    frames.free(table);
    frames.release(user);
    CHECK(frames.counts().objects == 0);
    CHECK(frames.counts().tables == 0);
    CHECK(frames.counts().user == 0);
    CHECK(free() == 1023);
}

TEST_CASE_FIXTURE(Machine, "an allocation is charged to its account and refunded") {
    const FrameNumber frame = alloc();
    CHECK(account.used == 1);
    CHECK(frames.info(frame).account == &account);
    frames.free(frame);
    CHECK(account.used == 0);
}

TEST_CASE_FIXTURE(Machine, "what is left to do for an account is done with its last refund") {
    static int settled = 0;
    settled = 0;
    account_settler = [](exo::Account&) { ++settled; };
    const FrameNumber frame = alloc();
    const FrameNumber pages = run(9);
    frames.free(frame);
    CHECK(settled == 0);
    frames.release(pages);
    CHECK(settled == 1);
    account_settler = nullptr;
}

TEST_CASE_FIXTURE(Machine, "each refund to an account that owes frames is settled") {
    static exo::Account* settled = nullptr;
    account_settler = [](exo::Account& given) {
        settled = &given;
        (void)given.pay();
    };
    const FrameNumber first = run(4);
    const FrameNumber second = run(4);
    frames.free(alloc());
    const FrameNumber table = alloc();
    CHECK(settled == nullptr);
    (void)account.ask(account.limit_frames() - 4);
    CHECK(account.owed == 5);
    frames.free(table);
    CHECK(settled == &account);
    CHECK(account.owed == 4);
    settled = nullptr;
    frames.release(first);
    CHECK(settled == &account);
    CHECK(account.owed == 0);
    CHECK(account.limit == 4);
    frames.release(second);
    CHECK(account.used == 0);
    account_settler = nullptr;
}

TEST_CASE_FIXTURE(Machine, "a frame may be charged to nobody") {
    const auto frame = frames.alloc(FrameState::table, nullptr);
    REQUIRE(frame);
    CHECK(frames.info(*frame).account == nullptr);
    frames.free(*frame);
    CHECK(free() == 1023);
}

TEST_CASE_FIXTURE(Machine, "a quota that does not cover it stops an allocation; nothing changes") {
    account.limit = 2;
    (void)alloc();
    CHECK(frames.alloc_run(2, account).error() == Status::quota_exceeded);
    (void)alloc();
    CHECK(frames.alloc(FrameState::object, &account).error() == Status::quota_exceeded);
    CHECK(account.used == 2);
    CHECK(free() == 1021);
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(Machine, "without a free frame an allocation fails and is not charged") {
    (void)run(512);
    while (free() != 0)
        (void)alloc();
    const std::uint64_t used = account.used;
    account.limit = 5000;
    const std::uint32_t references = account.references;
    CHECK(frames.alloc(FrameState::object, &account).error() == Status::out_of_frames);
    CHECK(frames.alloc_run(1, account).error() == Status::out_of_frames);
    CHECK(account.used == used);
    CHECK(account.references == references);
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(Machine, "a run of no frames, or of more than the largest block, is refused") {
    account.limit = ~0ULL;
    CHECK(frames.alloc_run(0, account).error() == Status::out_of_frames);
    CHECK(frames.alloc_run((1U << FreeFrames::order_max) + 1, account).error() ==
          Status::out_of_frames);
    CHECK(frames.alloc_run(~0U, account).error() == Status::out_of_frames);
    CHECK(account.used == 0);
    CHECK(account.references == 1);
}

TEST_CASE_FIXTURE(Machine, "a run takes exactly its count, the rest of its block stays free") {
    for (std::uint32_t count = 1; count <= 70; ++count) {
        const std::uint64_t before = free();
        const FrameNumber first = run(count);
        REQUIRE(free() == before - count);
        REQUIRE(frames.info(first).state == FrameState::run_head);
        REQUIRE(frames.info(first).extent == count);
        for (std::uint32_t i = 1; i < count; ++i) {
            REQUIRE(frames.info(first + i).state == FrameState::run_tail);
            REQUIRE(frames.info(first + i).extent == i);
        }
        REQUIRE(frames.info(first + count).state != FrameState::run_tail);
        REQUIRE(frames.consistent());
        REQUIRE(coalesced(entries));
        frames.release(first);
        REQUIRE(free() == before);
        REQUIRE(coalesced(entries));
    }
}

TEST_CASE_FIXTURE(Machine, "the largest block can be handed out as one run") {
    const FrameNumber first = run(512);
    CHECK(first == FrameNumber{512});
    CHECK(frames.alloc_run(512, account).error() == Status::out_of_frames);
}

TEST_CASE_FIXTURE(Machine,
                  "frames in a row are needed: half of memory in pieces is no run of two") {
    std::vector<FrameNumber> taken;
    while (free() != 0)
        taken.push_back(alloc());
    for (const FrameNumber frame : taken)
        if (frame.value % 2 == 0) frames.free(frame);
    CHECK(free() == 511);
    CHECK(frames.alloc_run(2, account).error() == Status::out_of_frames);
    CHECK(frames.alloc_run(1, account));
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(Machine, "a run lives until its last reference is released") {
    const FrameNumber first = run(4);
    frames.acquire(first);
    frames.acquire(first);
    CHECK(frames.info(first).references == 3);
    frames.release(first);
    frames.release(first);
    CHECK(frames.info(first).state == FrameState::run_head);
    CHECK(account.used == 4);
    frames.release(first);
    CHECK(frames.info(first).state != FrameState::run_head);
    CHECK(account.used == 0);
}

TEST_CASE_FIXTURE(Machine, "a reference to any frame of a run is one to the run") {
    const FrameNumber first = run(4);
    frames.acquire(first + 3);
    frames.release(first);
    CHECK(frames.info(first).references == 1);
    frames.release(first + 1);
    CHECK(free() == 1023);
}

TEST_CASE_FIXTURE(Machine, "a run that is used again starts with its owner's reference") {
    const FrameNumber first = run(4);
    frames.acquire(first + 2);
    frames.release(first);
    frames.release(first);
    const FrameNumber again = *frames.alloc_run(4, account);
    CHECK(again == first);
    CHECK(frames.info(again).references == 1);
}

TEST_CASE_FIXTURE(Machine, "only object and table frames are freed by hand") {
    const FrameNumber pages = run(2);
    CHECK_FALSE(panic_of([&] { frames.free(pages); }).empty());
    CHECK_FALSE(panic_of([&] { frames.free(pages + 1); }).empty());
    CHECK_FALSE(panic_of([&] { frames.free({512}); }).empty());  // free
    CHECK_FALSE(panic_of([&] { frames.free({0}); }).empty());    // reserved
    const FrameNumber frame = alloc();
    frames.free(frame);
    CHECK_FALSE(panic_of([&] { frames.free(frame); }).empty());  // twice
}

TEST_CASE_FIXTURE(Machine, "references are kept to runs only, and not below none") {
    CHECK_FALSE(panic_of([&] { frames.acquire({512}); }).empty());
    CHECK_FALSE(panic_of([&] { frames.acquire({0}); }).empty());
    CHECK_FALSE(panic_of([&] { frames.acquire(alloc()); }).empty());
    const FrameNumber released = *frames.alloc_run(2, account);
    frames.release(released);
    CHECK_FALSE(panic_of([&] { frames.release(released); }).empty());
}

TEST_CASE("memory that was filled at boot becomes a run, which raises the limit that pays for it") {
    HostMachine machine(64);
    frames = {};
    std::fill(machine.entries.begin(), machine.entries.end(), FrameInfo{});
    frames.adopt(machine.entries);
    frames.add_free({32}, 32);
    Account account = HostMachine::account(32);
    frames.add_run({8}, 5, account);
    CHECK(account.limit == 37);
    CHECK(account.used == 5);
    CHECK(frames.counts().total == 37);
    CHECK(frames.counts().user == 5);
    CHECK(all_bytes({8}, std::byte{0xa5}));
    CHECK(frames.consistent());
    frames.acquire({12});
    frames.release({8});
    CHECK(frames.info({8}).state == FrameState::run_head);
    frames.release({9});
    CHECK(frames.counts().free == 37);
    CHECK(account.used == 0);
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(Machine, "memory that is in use or free cannot become a run of boot") {
    CHECK_FALSE(panic_of([&] { frames.add_run({512}, 1, account); }).empty());
    const FrameNumber frame = alloc();
    CHECK_FALSE(panic_of([&] { frames.add_run(frame, 1, account); }).empty());
}

TEST_CASE_FIXTURE(Machine, "the contents of a frame lie at its address in the direct map") {
    CHECK(FrameTable::contents({3}) == memory.at(3 * page_size));
}

TEST_CASE_FIXTURE(Machine, "the walk finds each kind of damage") {
    (void)run(3);
    (void)alloc();
    REQUIRE(frames.consistent());
    const std::vector<FrameInfo> sound = entries;
    const auto found = [&](std::uint32_t frame, auto damage) {
        damage(entries[frame]);
        const bool seen = !frames.consistent();
        std::copy(sound.begin(), sound.end(), entries.begin());
        return seen && frames.consistent();
    };
    CHECK(found(512, [](FrameInfo& head) { head.order = 8; }));
    CHECK(found(512, [](FrameInfo& head) { head.order = 10; }));
    CHECK(found(512, [](FrameInfo& head) { head.previous = 256; }));
    CHECK(found(512, [](FrameInfo& head) { head.state = FrameState::free; }));
    CHECK(found(512, [](FrameInfo& head) { head.state = FrameState::object; }));
    CHECK(found(600, [](FrameInfo& tail) { tail.state = FrameState::reserved; }));
    CHECK(found(600, [](FrameInfo& tail) { tail.state = FrameState::table; }));
    CHECK(found(600, [](FrameInfo& tail) { tail.state = FrameState::run_tail; }));
    CHECK(found(0, [](FrameInfo& hole) { hole.state = FrameState::free; }));
}
