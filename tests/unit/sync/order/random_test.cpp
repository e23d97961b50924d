// tests/unit/sync/order/random_test.cpp - millions of random acquisitions against the oracle.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "tests/mutation/mutation.hpp"
#include "tests/unit/sync/order/oracle.hpp"
#include "tests/unit/sync/order/script.hpp"

using namespace order_test;

namespace {

constexpr int threads = 4;
constexpr int locks_per_class = 3;
constexpr int classes_max = 14;

/// How often each rule was reported, over all episodes.
std::array<std::uint64_t, violation_count> counts;

std::string text_of(const std::vector<Verdict>& verdicts) {
    std::string text;
    for (const Verdict& verdict : verdicts)
        text += std::string(name_of(verdict.what)) + " " + std::to_string(verdict.wanted) + "/" +
                std::to_string(verdict.held) + "; ";
    return text;
}

/// Validator and oracle, given the same random operations.
class Episode {
public:
    explicit Episode(std::uint64_t seed)
        : seed_(seed),
          random_(seed),
          equal_(random_.below(4) == 0 ? EqualLevels::refuse : EqualLevels::learn),
          validator_(Mode::warn, equal_),
          oracle_(make_classes(), equal_, threads),
          orderly_(int(random_.below(101))),
          interrupts_(random_.below(2) == 0) {
        ScriptPlatform::reports.clear();
    }
    ~Episode() {
        for (int i = 0; i < threads; ++i)
            while (!handlers_[i].empty())
                leave(i);
        ScriptPlatform::current = nullptr;
    }

    /// Runs to its end; returns how many acquisitions there were. Fails the test on a difference.
    unsigned run(unsigned acquisitions_max) {
        while (acquisitions_ < acquisitions_max && oracle_.reported_count() < 200)
            step();
        return acquisitions_;
    }

private:
    bool chance(unsigned percent) { return random_.below(100) < percent; }

    std::vector<OracleClass> make_classes() {
        const int count = int(2 + random_.below(classes_max - 1));
        const auto levels = 1 + random_.below(3);
        std::vector<OracleClass> made;
        for (int i = 0; i < count; ++i) {
            const auto kind = random_.below(6);
            const WaitKind wait = kind == 0   ? WaitKind::blocks
                                  : kind == 1 ? WaitKind::yields
                                              : WaitKind::spins;
            made.push_back({Level(1 + random_.below(levels)), wait, wait == WaitKind::yields});
            infos_.push_back(std::make_unique<ClassInfo>("class", made.back().level, wait,
                                                         made.back().recursive));
            has_readers_.push_back(wait == WaitKind::spins && chance(60));
        }
        return made;
    }

    void step() {
        thread_ = int(random_.below(threads));
        ScriptPlatform::current = &stacks_[unsigned(thread_)];
        const auto& held = oracle_.held(thread_);
        // Deep stacks are seldom, shallow ones are usual.
        const unsigned wish = held.size() < 3 ? 65 : held.size() < 8 ? 45 : 35;
        if (chance(2))
            other();
        else if (chance(wish))
            acquire();
        else
            release();
    }

    void acquire() {
        Request request{};
        request.of = int(random_.below(infos_.size()));
        const auto& held = oracle_.held(thread_);
        // Some episodes mostly keep to an order, and so learn more of one.
        if (!held.empty() && chance(unsigned(orderly_))) {
            const int outer = held.back().of;
            request.of = outer + int(random_.below(infos_.size() - unsigned(outer)));
        }
        request.lock = int(random_.below(locks_per_class));
        if (has_readers_[unsigned(request.of)]) request.access = Access(random_.below(3));
        const auto way = random_.below(10);
        request.way = way == 0 ? Way::tried : way == 1 ? Way::paired : Way::waits;
        ++acquisitions_;
        const Site site = Site::current();
        const OrderStep made = step_of(request, site);
        const bool followed = validator_.acquire(made);
        validator_.note_taken(made, tag(request), followed);
        expect(oracle_.acquire(thread_, request, ScriptPlatform::enabled));
        // Now and then a wait ends without the lock.
        if (followed && chance(3)) {
            validator_.abandon(made);
            oracle_.release(thread_, request);
        }
    }

    void release() {
        const auto& held = oracle_.held(thread_);
        if (held.empty()) return;
        Request request = held[chance(95) ? held.size() - 1 : random_.below(held.size())];
        if (chance(1)) request.access = Access(random_.below(3));
        const Site site = Site::current();
        validator_.release(step_of(request, site));
        expect(oracle_.release(thread_, request));
    }

    /// What is not an acquisition or a release.
    void other() {
        switch (random_.below(interrupts_ ? 7 : 3)) {
            case 0: validator_.about_to_block(); return expect(oracle_.block(thread_));
            case 1: validator_.expect_none_held(); return expect(oracle_.end(thread_));
            case 2: return change_mode();
            case 3: ScriptPlatform::enabled = !ScriptPlatform::enabled; return;
            case 4:
                validator_.enabling_interrupts();
                return expect(oracle_.enable_interrupts(thread_));
            case 5:
                handlers_[thread_].push_back(std::make_unique<Scope>(validator_));
                return oracle_.enter_interrupt(thread_);
            default:
                if (!handlers_[thread_].empty()) leave(thread_);
        }
    }

    void leave(int thread) {
        thread_ = thread;
        ScriptPlatform::current = &stacks_[unsigned(thread)];
        handlers_[thread].pop_back();
        expect(oracle_.leave_interrupt(thread));
    }

    /// Off and on again, where no handler runs: all that is held is forgotten.
    void change_mode() {
        if (!chance(10)) return;
        for (const auto& handlers : handlers_)
            if (!handlers.empty()) return;
        validator_.set_mode(Mode::off);
        validator_.set_mode(Mode::warn);
        oracle_.forget_held();
    }

    OrderStep step_of(const Request& request, const Site& site) {
        return {validator_.setting(), *infos_[unsigned(request.of)],
                tag(request),         request.access,
                request.way,          site};
    }
    LockTag& tag(const Request& request) {
        return tags_[unsigned(request.of)][unsigned(request.lock)];
    }
    int number(const ClassInfo* info) const {
        for (unsigned i = 0; i < infos_.size(); ++i)
            if (infos_[i].get() == info) return int(i);
        return -1;
    }

    /// The reports since the last call are these.
    void expect(std::vector<Verdict> wanted) {
        std::vector<Verdict> got;
        for (const Report& report : ScriptPlatform::reports) {
            got.push_back({report.what, number(report.wanted), number(report.held)});
            if (report.what == Violation::cycle) check_chain(report);
        }
        ScriptPlatform::reports.clear();
        // Circles of interrupts found at once come in the order of class numbers, and next to each
        // other.
        const auto is_circle = [](const Verdict& v) { return v.what == Violation::interrupt; };
        const auto from = std::find_if(got.begin(), got.end(), is_circle);
        std::sort(from, std::find_if_not(from, got.end(), is_circle));
        INFO("seed ", seed_, ", acquisition ", acquisitions_);
        for (const Verdict& verdict : got)
            ++counts[unsigned(verdict.what)];
        if (got != wanted) FAIL("reported: ", text_of(got), " expected: ", text_of(wanted));
    }

    /// The chain of a circle leads from the wanted class to the held one over edges that were seen.
    void check_chain(const Report& report) {
        REQUIRE(report.link_count > 0);
        if (report.link_count > links_max) return;
        const ClassInfo* at = report.wanted;
        for (unsigned i = 0; i < report.link_count; ++i) {
            REQUIRE(report.links[i].outer == at);
            at = report.links[i].inner;
            REQUIRE(oracle_.has_edge(number(report.links[i].outer), number(at)));
        }
        REQUIRE(at == report.held);
    }

    using Scope = Validator<ScriptPlatform>::InterruptScope;

    std::uint64_t seed_;
    mutation::Random random_;
    std::vector<std::unique_ptr<ClassInfo>> infos_;
    std::vector<bool> has_readers_;
    EqualLevels equal_;
    Validator<ScriptPlatform> validator_;
    Oracle oracle_;
    int orderly_;
    bool interrupts_;
    std::array<std::array<LockTag, locks_per_class>, classes_max> tags_{};
    std::array<ScriptPlatform::Stack, threads> stacks_{};
    std::array<std::vector<std::unique_ptr<Scope>>, threads> handlers_{};
    int thread_ = 0;
    unsigned acquisitions_ = 0;
};

}  // namespace

TEST_CASE("random acquisitions: the validator reports what the oracle does, and nothing else") {
    const char* given = std::getenv("LAMINA_SEED");
    const char* size = std::getenv("LAMINA_LONG");
    const bool is_long = size != nullptr && std::string_view(size) == "1";
    const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 0) : 1;
    const std::uint64_t wanted = is_long ? 200'000'000 : 10'000'000;
    std::uint64_t done = 0, seed = first;
    ScriptPlatform::enabled = false;
    for (; done < wanted; ++seed) {
        Episode episode(seed);
        done += episode.run(2000);
    }
    for (unsigned i = 0; i < violation_count; ++i) {
        const auto what = Violation(i);
        INFO(name_of(what));
        CHECK((counts[i] > 0) == (what != Violation::class_table_full));
    }
    std::printf("%llu acquisitions, seeds %llu to %llu\n", static_cast<unsigned long long>(done),
                static_cast<unsigned long long>(first), static_cast<unsigned long long>(seed - 1));
}
