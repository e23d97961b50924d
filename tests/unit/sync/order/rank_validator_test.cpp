// tests/unit/sync/order/rank_validator_test.cpp - RankValidator says what Validator says.
#include "lamina/sync/rank_validator.hpp"

#include <array>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/mutation/mutation.hpp"
#include "tests/unit/sync/order/script.hpp"

using namespace order_test;

namespace {

constexpr unsigned class_count = 6;
constexpr unsigned locks_per_class = 2;
constexpr unsigned lock_count = class_count * locks_per_class;

/// As ScriptPlatform, with all that a RankValidator asks for and nothing more.
struct RankPlatform {
    using Stack = LockStack<ScriptPlatform::classes_max>;

    static Stack& held() { return *current; }
    static void report(const OrderReport& report) {
        static_cast<OrderReport&>(ScriptPlatform::reports.emplace_back()) = report;
    }
    [[noreturn]] static void panic(const OrderReport&) { throw ScriptPlatform::Panic{}; }

    static inline Stack* current = nullptr;
};

struct Step {
    unsigned lock;
    Way way;
    bool releases;
};

/// One validator with locks of its own, on four levels.
template <typename Platform, typename ValidatorType>
class Side {
public:
    explicit Side(Mode mode) : validator_(mode) {}

    void set_mode(Mode mode) { validator_.set_mode(mode); }
    void expect_none_held() {
        run([&] { validator_.expect_none_held(); });
    }

    void take(const Step& step) {
        run([&] {
            LockTag& tag = tags_[step.lock];
            const OrderSetting now = validator_.setting();
            if (!now.is_on()) return;
            ClassInfo& info = classes_[step.lock / locks_per_class];
            const OrderStep wanted{now, info, tag, Access::exclusive, step.way, Site::current()};
            if (step.releases)
                validator_.release(wanted);
            else
                validator_.note_taken(wanted, tag, validator_.acquire(wanted));
        });
    }

    /// All that was reported.
    const std::string& said() const { return said_; }

    /// The pairs that were seen.
    std::set<std::string> pairs() {
        std::set<std::string> found;
        // Only a Validator has a third thing to say, the edge.
        const auto add = [&](const auto&... seen) {
            const auto classes = std::tie(seen...);
            constexpr std::size_t last = sizeof...(seen) - 1;
            found.insert(std::string(std::get<last - 1>(classes).name) +
                         std::get<last>(classes).name);
        };
        validator_.for_each_edge(add);
        return found;
    }

private:
    template <typename F>
    void run(F&& f) {
        Platform::current = &stack_;
        try {
            f();
        } catch (const ScriptPlatform::Panic&) {
            said_ += "panic ";
        }
        for (const Report& report : std::exchange(ScriptPlatform::reports, {}))
            said_ += text_of(report) + " at " + std::to_string(report.site.line()) + " since " +
                     std::to_string(report.held_site.line()) +
                     (report.is_warning ? " warned; " : "; ");
    }

    ValidatorType validator_;
    typename Platform::Stack stack_{};
    std::array<ClassInfo, class_count> classes_{
        ClassInfo{"A", 10}, ClassInfo{"B", 20}, ClassInfo{"C", 20},
        ClassInfo{"D", 30}, ClassInfo{"E", 40}, ClassInfo{"F", 40},
    };
    std::array<LockTag, lock_count> tags_{};
    std::string said_;
};

using Ranked = Side<RankPlatform, RankValidator<RankPlatform>>;
using Full = Side<ScriptPlatform, Validator<ScriptPlatform>>;

constexpr const char* reported_by_both[] = {
    "inversion",        "equal_level",   "same_class",   "reacquisition",
    "stranger_release", "release_order", "held_at_exit", "overflow",
};

}  // namespace

TEST_CASE("of spinlocks taken one by one a RankValidator reports and keeps what a Validator does") {
    std::array<unsigned, std::size(reported_by_both)> reported{};
    for (unsigned seed = 1; seed <= 300; ++seed) {
        mutation::Random random(seed);
        const auto ranked = std::make_unique<Ranked>(Mode::warn);
        const auto full = std::make_unique<Full>(Mode::warn);
        std::vector<Step> held;
        for (int i = 0; i < 60; ++i) {
            Step step{unsigned(random.below(lock_count)),
                      random.below(4) == 0 ? Way::tried : Way::waits, false};
            if (!held.empty() && random.below(100) < 45) {
                // Mostly the lock taken last, sometimes another, sometimes one nobody has.
                const std::size_t at =
                    random.below(8) != 0 ? held.size() - 1 : random.below(held.size());
                if (random.below(16) != 0) {
                    step = held[at];
                    held.erase(held.begin() + std::ptrdiff_t(at));
                }
                step.releases = true;
            } else {
                held.push_back(step);
            }
            ranked->take(step);
            full->take(step);
            if (random.below(20) != 0) continue;
            const auto mode = Mode(random.below(3));
            ranked->set_mode(mode);
            full->set_mode(mode);
            ranked->expect_none_held();
            full->expect_none_held();
        }
        CAPTURE(seed);
        REQUIRE(ranked->said() == full->said());
        REQUIRE(ranked->pairs() == full->pairs());
        for (std::size_t i = 0; i < reported.size(); ++i)
            reported[i] += full->said().find(reported_by_both[i]) != std::string::npos;
    }
    for (const unsigned count : reported)
        CHECK(count > 10);
}

TEST_CASE("a RankValidator that has no number left says so once, and follows what has one") {
    using Stack = RankPlatform::Stack;
    RankValidator<RankPlatform> validator(Mode::warn);
    Stack stack{};
    RankPlatform::current = &stack;
    ScriptPlatform::reports.clear();
    std::vector<std::unique_ptr<ClassInfo>> classes;
    std::vector<LockTag> tags(Stack::classes_max + 2);
    for (std::size_t i = 0; i < tags.size(); ++i) {
        classes.push_back(std::make_unique<ClassInfo>("class", Level(i + 1)));
        const OrderStep step{validator.setting(), *classes[i], tags[i],
                             Access::exclusive,   Way::waits,  Site::current()};
        const bool followed = validator.acquire(step);
        validator.note_taken(step, tags[i], followed);
        CHECK(followed == (i + 1 < Stack::classes_max));
        validator.release(step);
    }
    // However often it is asked: a count of 16 bits would begin anew.
    for (int i = 0; i < 70'000; ++i) {
        const OrderStep again{validator.setting(), *classes.back(), tags.back(),
                              Access::exclusive,   Way::waits,      Site::current()};
        REQUIRE_FALSE(validator.acquire(again));
    }
    REQUIRE(ScriptPlatform::reports.size() == 1);
    CHECK(ScriptPlatform::reports[0].what == Violation::class_table_full);
}
