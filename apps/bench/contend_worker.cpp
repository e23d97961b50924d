// apps/bench/contend_worker.cpp - one of the environments that want the same locks.
#include <array>
#include <cstdint>

#include "apps/bench/contend_stage.hpp"
#include "lamina/rights.hpp"
#include "libos/sys/calls.hpp"
#include "libos/sys/handles.hpp"

namespace bench {

namespace {

namespace sys = libos::sys;

constexpr auto read_write = lamina::Protection::read | lamina::Protection::write;

/// Puts the shared frames where every worker has them.
lamina::Result<Shared*> map_shared() {
    const auto run = lamina::make_handle(shared_slot, 0);
    const std::uint64_t places = SharedPlaces::page();
    LAMINA_CHECK(sys::frames_unmap(lamina::Handle::null, places, 1));
    LAMINA_CHECK(sys::frames_map(lamina::Handle::null, run, queue_page, 1, places, read_write));
    LAMINA_CHECK(sys::frames_map(lamina::Handle::null, run, shared_first, shared_pages,
                                 shared_address, read_write));
    return reinterpret_cast<Shared*>(shared_address);
}

/// Waits until every worker has come here once more.
void barrier(Shared& shared) {
    const std::uint64_t mine = shared.arrived.fetch_add(1);
    const std::uint64_t all = mine - mine % shared.workers + shared.workers;
    while (shared.arrived.load() < all)
        CpuPlatform::relax();
}

/// What a worker does with the data behind a lock.
class Visitor {
public:
    Visitor(Shared& shared, Stage& stage, std::uint64_t index)
        : shared_(shared), stage_(stage), index_(index), others_meet_(shared.meetings != 0) {}

    Share share() const { return mine_; }

    /// To be called before the lock is asked for, once it is had, before it is given back, and in
    /// the end.
    void knock() { tell(Where::at_the_door); }
    void enter() { tell(Where::inside); }
    void leave() { tell(Where::away); }
    void leave_for_good() { tell(Where::gone); }

    /// Looks at the data; whether it will change again. Needs the lock, at least shared.
    bool look() {
        if (stage_.counter != stage_.copy) ++mine_.torn;
        ++mine_.operations;
        return stage_.counter < shared_.changes;
    }
    /// Changes the data, unless that was done often enough; whether it was not. Needs the lock.
    bool change() {
        if (!look()) return false;
        const std::uint64_t next = ++stage_.counter;
        ++mine_.changes;
        if (next <= shared_.meetings) meet();
        stage_.copy = next;
        return true;
    }

private:
    void tell(Where where) {
        if (others_meet_) shared_.spots[index_].where.store(where);
    }
    /// Waits until another has been at the door for a while, or is inside, where it must not be, or
    /// all others have gone.
    void meet() {
        constexpr std::uint32_t polls_at_door = 1000;
        for (std::uint32_t polls = 0; polls < polls_at_door;) {
            std::array<std::uint64_t, 4> seen{};
            for (std::uint64_t i = 0; i < shared_.workers; ++i)
                if (i != index_) ++seen[std::size_t(shared_.spots[i].where.load())];
            if (seen[std::size_t(Where::inside)] != 0) {
                ++mine_.torn;
                return;
            }
            if (seen[std::size_t(Where::gone)] == shared_.workers - 1) return;
            if (seen[std::size_t(Where::at_the_door)] != 0) ++polls;
            CpuPlatform::relax();
        }
    }

    Shared& shared_;
    Stage& stage_;
    std::uint64_t index_;
    bool others_meet_;
    Share mine_{};
};

template <typename Lock>
void exclude(Visitor& visitor, Lock& lock) {
    for (bool more = true; more;) {
        visitor.knock();
        lock.lock();
        visitor.enter();
        more = visitor.change();
        visitor.leave();
        lock.unlock();
    }
}

void read(Visitor& visitor, lamina::sync::RwLock<CpuPlatform>& lock) {
    for (bool more = true; more;) {
        visitor.knock();
        lock.lock_shared();
        visitor.enter();
        more = visitor.look();
        visitor.leave();
        lock.unlock_shared();
    }
}

/// The first worker writes, the others read until they have seen the last.
Share snapshot(Shared& shared, Stage& stage, std::uint64_t index) {
    Share mine{};
    if (index == 0) {
        for (std::uint64_t i = 1; i <= shared.changes; ++i)
            shared.snapshot.store({i, i, i, i});
        stage.counter = stage.copy = shared.changes;
        mine.operations = mine.changes = shared.changes;
        return mine;
    }
    std::uint64_t last = 0;
    while (last != shared.changes) {
        const Words seen = shared.snapshot.load();
        for (const std::uint64_t word : seen)
            if (word != seen[0] || word < last) ++mine.torn;
        last = seen[0];
        ++mine.operations;
    }
    return mine;
}

Share work(Shared& shared, Stage& stage, std::size_t number, std::uint64_t index) {
    if (number == Shared::snapshot_stage) return snapshot(shared, stage, index);
    Visitor visitor(shared, stage, index);
    switch (number) {
        case 0: exclude(visitor, shared.test_and_set); break;
        case 1: exclude(visitor, shared.spin_lock); break;
        case 2:
            // Every other one reads.
            if (index % 2 == 0)
                exclude(visitor, shared.rw_lock);
            else
                read(visitor, shared.rw_lock);
            break;
        default: exclude(visitor, shared.token); break;
    }
    visitor.leave_for_good();
    return visitor.share();
}

}  // namespace

int contend_as_worker(std::uint64_t index) {
    const auto mapped = map_shared();
    if (!mapped) return int(mapped.error());
    Shared& shared = **mapped;
    CpuPlatform::set_slot(SharedPlaces::first_slot() + std::uint32_t(index));
    for (std::size_t i = 0; i < shared.stages.size(); ++i) {
        Stage& stage = shared.stages[i];
        // Nobody looks where others are between the end of a stage and the next one's beginning.
        shared.spots[index].where.store(Where::away);
        barrier(shared);
        const std::uint64_t begun_ns = CpuPlatform::now();
        Share mine = work(shared, stage, i, index);
        mine.begun_ns = begun_ns;
        mine.ended_ns = CpuPlatform::now();
        stage.shares[index] = mine;
        barrier(shared);
    }
    return 0;
}

}  // namespace bench
