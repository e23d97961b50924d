// tests/unit/exokernel/memory/frame_table_random_test.cpp - FrameTable against a model, by seeds.
#include <cstring>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "exokernel/memory/frame_table.hpp"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/machine.hpp"

using exo::Account;
using exo::FrameNumber;
using exo::frames;
using exo::FrameState;
using exo::FrameTable;
using lamina::Status;

namespace {

/// Something that was allocated: one frame, or a run with this many references.
struct Holding {
    FrameNumber first;
    std::uint32_t count;
    std::uint32_t references;  ///< 0: an object or table frame.
    Account* account;
    std::uint64_t mark;
};

/// Does random things to the frame table and keeps book of what must be true.
class Model {
public:
    static constexpr std::uint32_t frame_count = 512;

    explicit Model(std::uint64_t seed) : random_(seed), machine_(frame_count) {}

    void step() {
        switch (random_.below(6)) {
            case 0: alloc_frame(); break;
            case 1:
            case 2: alloc_run(); break;
            case 3: acquire(); break;
            default: give_back(); break;
        }
    }

    /// Whether table, accounts and contents are as the book says.
    std::string complaint() {
        if (!frames.consistent()) return "not consistent";
        if (!coalesced(machine_.entries)) return "two free buddies";
        std::uint64_t taken = 0;
        std::uint64_t charged[account_count] = {};
        std::vector<bool> owned(frame_count);
        for (const Holding& held : holdings_) {
            taken += held.count;
            charged[held.account - accounts_] += held.count;
            for (std::uint32_t i = 0; i < held.count; ++i) {
                if (owned[held.first.value + i]) return "a frame with two owners";
                owned[held.first.value + i] = true;
                if (mark(held.first + i) != held.mark) return "contents that changed";
            }
            if (held.references != 0 && frames.info(held.first).references != held.references)
                return "a wrong reference count";
        }
        if (frames.counts().free != frame_count - 1 - taken) return "a wrong count of free frames";
        for (unsigned i = 0; i < account_count; ++i)
            if (accounts_[i].used != charged[i]) return "a wrong charge";
        return "";
    }

    /// Gives everything back.
    void finish() {
        while (!holdings_.empty())
            give_back();
    }

private:
    static constexpr unsigned account_count = 3;

    std::uint64_t& mark(FrameNumber frame) {
        return *static_cast<std::uint64_t*>(FrameTable::contents(frame));
    }
    Account& any_account() { return accounts_[random_.below(account_count)]; }

    void hold(FrameNumber first, std::uint32_t count, std::uint32_t references, Account& account) {
        holdings_.push_back({first, count, references, &account, random_.next()});
        for (std::uint32_t i = 0; i < count; ++i) {
            REQUIRE(mark(first + i) == 0);
            mark(first + i) = holdings_.back().mark;
        }
    }

    void alloc_frame() {
        Account& account = any_account();
        const auto use = random_.below(2) == 0 ? FrameState::object : FrameState::table;
        const auto frame = frames.alloc(use, &account);
        if (frame)
            hold(*frame, 1, 0, account);
        else if (frame.error() == Status::quota_exceeded)
            REQUIRE(account.used == account.limit);
        else
            REQUIRE(frames.counts().free == 0);
    }

    void alloc_run() {
        Account& account = any_account();
        const auto count = std::uint32_t(1 + random_.below(random_.below(4) == 0 ? 100 : 8));
        const auto first = frames.alloc_run(count, account);
        if (first) {
            hold(*first, count, 1, account);
        } else if (first.error() == Status::quota_exceeded) {
            REQUIRE(account.used + count > account.limit);
        }
    }

    void acquire() {
        if (holdings_.empty()) return;
        Holding& held = holdings_[random_.below(holdings_.size())];
        if (held.references == 0) return;
        frames.acquire(held.first + std::uint32_t(random_.below(held.count)));
        ++held.references;
    }

    void give_back() {
        if (holdings_.empty()) return;
        const auto at = random_.below(holdings_.size());
        Holding& held = holdings_[at];
        if (held.references == 0)
            frames.free(held.first);
        else
            frames.release(held.first + std::uint32_t(random_.below(held.count)));
        if (held.references > 1) {
            --held.references;
            return;
        }
        held = holdings_.back();
        holdings_.pop_back();
    }

    mutation::Random random_;
    HostMachine machine_;
    Account accounts_[account_count] = {HostMachine::account(400), HostMachine::account(100),
                                        HostMachine::account(20)};
    std::vector<Holding> holdings_;
};

}  // namespace

TEST_CASE("after every step of a random sequence the table is as its history says") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        Model model(seed);
        for (int step = 0; step < 1000; ++step) {
            model.step();
            REQUIRE(model.complaint() == "");
        }
        model.finish();
        REQUIRE(model.complaint() == "");
        frames.free_frames().drain();
        // One block a bit: 1, 2-3, 4-7, ... 256-511.
        for (unsigned order = 0; order < 9; ++order) {
            REQUIRE(frames.info({1U << order}).state == FrameState::free_head);
            REQUIRE(frames.info({1U << order}).order == order);
        }
    }
}
