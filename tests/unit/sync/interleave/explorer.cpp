// tests/unit/sync/interleave/explorer.cpp - stacks, states and the search through them.
#include "tests/unit/sync/interleave/explorer.hpp"

#include <algorithm>
#include <cstring>

#include "tests/stack_switch/stack_switch.hpp"

namespace interleave {
namespace {

constexpr std::size_t stack_bytes = 16 * 1024;
constexpr std::size_t addresses_max = 64;

enum class Status : std::uint64_t { ready, spinning, asleep, done };

/// All of it is part of the state. Whole words, so that no byte of it is left unset.
struct Thread {
    Status status;
    std::uint64_t read;     // the addresses read since the last round of waiting, a bit each
    std::uint64_t changed;  // whether one of them was changed by another
    std::uint64_t sleeps_on;
    std::uint64_t deadline;
    void* stack_pointer;
};
struct Machine {
    std::array<Thread, threads_max> threads;
    std::uint64_t clock;
    std::uint64_t spurious_left;
};

alignas(64) std::array<std::array<std::byte, stack_bytes>, threads_max> stacks;
Machine machine;
const Scenario* scenario;
int running = -1;
void* outside;
const char* failure;
std::vector<const void*> addresses;

std::byte* top_of(int thread) { return stacks[std::size_t(thread)].data() + stack_bytes; }
Thread& thread_at(int thread) { return machine.threads[std::size_t(thread)]; }

void pause() { tests_switch_stack(&thread_at(running).stack_pointer, outside); }
void run_body() {
    scenario->body(running);
    thread_at(running).status = Status::done;
    pause();
}
void start(int thread) {
    auto* words = reinterpret_cast<void**>(top_of(thread));
    *--words = nullptr;
    *--words = reinterpret_cast<void*>(&run_body);
    for (int i = 0; i < 6; ++i)
        *--words = nullptr;
    thread_at(thread) = {.status = Status::ready,
                         .read = 0,
                         .changed = 0,
                         .sleeps_on = 0,
                         .deadline = 0,
                         .stack_pointer = words};
}
void resume(int thread) {
    running = thread;
    tests_switch_stack(&outside, thread_at(thread).stack_pointer);
    running = -1;
}

std::uint64_t bit_of(const void* address) {
    std::size_t i = 0;
    while (i < addresses.size() && addresses[i] != address)
        ++i;
    if (i == addresses.size()) {
        if (i == addresses_max) Explorer::fail("more atomics than the explorer knows");
        addresses.push_back(address);
    }
    return std::uint64_t{1} << i;
}

/// Calls `part(start, bytes)` for each part of the state.
template <typename Part>
void for_each_part(Part part) {
    part(&machine, sizeof machine);
    for (const Region& region : scenario->memory)
        part(region.start, region.bytes);
    for (int i = 0; i < scenario->threads; ++i) {
        auto* pointer = static_cast<std::byte*>(thread_at(i).stack_pointer);
        part(pointer, std::size_t(top_of(i) - pointer));
    }
}

using State = std::vector<std::byte>;

void save(State& state) {
    state.clear();
    for_each_part([&](const void* start, std::size_t bytes) {
        const auto* first = static_cast<const std::byte*>(start);
        state.insert(state.end(), first, first + bytes);
    });
}
void restore(const State& state) {
    const std::byte* from = state.data();
    // The machine comes first, and says how long the stacks are.
    for_each_part([&](void* start, std::size_t bytes) {
        std::memcpy(start, from, bytes);
        from += bytes;
    });
}

/// 64 bits: that any two of ten million states have the same is less likely than 1 in 300,000, and
/// then it still takes a mistake in just the part that is skipped for it.
std::uint64_t digest_of(const State& state) {
    std::uint64_t low = 0x9e37'79b9'7f4a'7c15;
    std::uint64_t high = 0xc2b2'ae3d'27d4'eb4f;
    // All parts are whole words.
    for (std::size_t at = 0; at < state.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, state.data() + at, 8);
        low = (low ^ word) * 0xff51'afd7'ed55'8ccd;
        low ^= low >> 32;
        high = (high + word) * 0xc4ce'b9fe'1a85'ec53;
        high ^= high >> 29;
    }
    return (low ^ high) | 1;
}

/// A set of digests: a table with open addresses, at most half full; 0 is an empty place.
class DigestSet {
public:
    /// Whether it was not there yet.
    bool insert(std::uint64_t digest) {
        if (2 * count_ >= places_.size()) grow();
        const bool is_new = put(digest);
        count_ += is_new ? 1 : 0;
        return is_new;
    }
    std::uint64_t size() const { return count_; }

private:
    bool put(std::uint64_t digest) {
        std::size_t at = (digest >> 1) & (places_.size() - 1);
        while (places_[at] != 0) {
            if (places_[at] == digest) return false;
            at = (at + 1) & (places_.size() - 1);
        }
        places_[at] = digest;
        return true;
    }
    void grow() {
        std::vector<std::uint64_t> before(2 * places_.size());
        before.swap(places_);
        for (const std::uint64_t digest : before)
            if (digest != 0) put(digest);
    }

    std::vector<std::uint64_t> places_ = std::vector<std::uint64_t>(1024);
    std::uint64_t count_ = 0;
};

bool can_go_on(int thread) {
    const Thread& at = thread_at(thread);
    return at.status == Status::ready ||
           (at.status == Status::asleep && at.deadline <= machine.clock);
}
bool waits(int thread) {
    return thread_at(thread).status == Status::spinning ||
           thread_at(thread).status == Status::asleep;
}

/// The search: a stack of states, each with the thread that goes on from it next.
class Search {
public:
    Outcome run() {
        State first;
        for (int i = 0; i < scenario->threads; ++i)
            start(i);
        save(first);
        visit();
        while (!open_.empty() && failure == nullptr && visited_.size() < scenario->states_max)
            go_on();
        if (failure != nullptr) {
            outcome_.failure = failure;
            for (const Open& open : open_)
                outcome_.schedule.push_back(open.next - 1);
        }
        outcome_.complete = open_.empty();
        outcome_.states = visited_.size();
        restore(first);
        return outcome_;
    }

private:
    struct Open {
        State state;
        int next = 0;
        bool stuck = true;
    };

    /// Looks at the state the machine is in.
    void visit() {
        save(state_);
        if (!visited_.insert(digest_of(state_))) return;
        bool all_done = true;
        bool some_can = false;
        for (int i = 0; i < scenario->threads; ++i) {
            all_done = all_done && thread_at(i).status == Status::done;
            some_can = some_can || can_go_on(i);
        }
        if (all_done) {
            ++outcome_.ends;
            scenario->at_end();
        } else if (!some_can) {
            failure = "nobody can go on: a wake-up was lost, or it is a deadlock";
        } else {
            open_.emplace_back();
            open_.back().state.swap(state_);
        }
    }

    void go_on() {
        Open& open = open_.back();
        if (open.next == scenario->threads) {
            state_.swap(open.state);  // keeps the memory
            open_.pop_back();
            return;
        }
        restore(open.state);
        const int thread = open.next++;
        if (!can_go_on(thread)) {
            if (!waits(thread) || machine.spurious_left == 0) return;
            --machine.spurious_left;
        }
        if (thread_at(thread).status != Status::ready) {
            thread_at(thread).status = Status::ready;
            thread_at(thread).sleeps_on = 0;
        }
        resume(thread);
        if (failure == nullptr) visit();
    }

    DigestSet visited_;
    std::vector<Open> open_;
    State state_;
    Outcome outcome_;
};

}  // namespace

Outcome Explorer::explore(const Scenario& what) {
    scenario = &what;
    machine = {};
    machine.spurious_left = what.spurious_max;
    failure = nullptr;
    addresses.clear();
    addresses.reserve(addresses_max);
    return Search().run();
}

int Explorer::current() { return running; }
void Explorer::step() { pause(); }
void Explorer::note_read(const void* address) { thread_at(running).read |= bit_of(address); }
void Explorer::note_change(const void* address, std::uint64_t before, std::uint64_t now) {
    const std::uint64_t bit = bit_of(address);
    for (int i = 0; i < scenario->threads; ++i) {
        Thread& other = thread_at(i);
        if (i == running || (other.read & bit) == 0) continue;
        other.changed = 1;
        if (other.status == Status::spinning) other.status = Status::ready;
    }
    if (scenario->changed) scenario->changed(address, before, now);
}
void Explorer::spin() {
    Thread& me = thread_at(running);
    if (me.changed == 0) {
        me.status = Status::spinning;
        pause();
    }
    me.read = 0;
    me.changed = 0;
}
void Explorer::sleep(const void* address, std::uint64_t deadline) {
    Thread& me = thread_at(running);
    me.status = Status::asleep;
    me.sleeps_on = reinterpret_cast<std::uint64_t>(address);
    me.deadline = deadline;
    note_change(&me.status, 0, 1);
    pause();
    note_change(&me.status, 1, 0);
    me.read = 0;
    me.changed = 0;
}
void Explorer::wake(const void* address) {
    for (int i = 0; i < scenario->threads; ++i) {
        Thread& other = thread_at(i);
        if (other.status == Status::asleep &&
            other.sleeps_on == reinterpret_cast<std::uint64_t>(address)) {
            other.status = Status::ready;
            other.sleeps_on = 0;
            return;
        }
    }
}
bool Explorer::sleeps(int thread) {
    note_read(&thread_at(thread).status);
    return thread_at(thread).status == Status::asleep;
}
void Explorer::fail(const char* sentence) {
    failure = sentence;
    if (running >= 0) pause();
}
std::uint64_t Explorer::clock() {
    note_read(&machine.clock);
    return machine.clock;
}
void Explorer::set_clock(std::uint64_t now) {
    const std::uint64_t before = machine.clock;
    machine.clock = now;
    note_change(&machine.clock, before, now);
}

}  // namespace interleave
