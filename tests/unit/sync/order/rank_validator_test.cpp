// tests/unit/sync/order/rank_validator_test.cpp - RankValidator says what Validator says.
#include "lamina/sync/rank_validator.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/mutation/mutation.hpp"
#include "tests/unit/sync/order/script.hpp"

using namespace order_test;

namespace {

constexpr unsigned class_count = 6;
constexpr unsigned locks_per_class = 2;
constexpr unsigned lock_count = class_count * locks_per_class;

struct Step {
    unsigned lock;
    Access access;
    Way way;
    bool releases;
};

/// One validator with locks of its own: spinlocks on three levels, a mutex and a token.
template <typename ValidatorType>
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
            const OrderStep wanted{now, info, tag, step.access, step.way, Site::current()};
            if (step.releases)
                validator_.release(wanted);
            else
                validator_.note_taken(wanted, tag, validator_.acquire(wanted));
        });
    }

    /// All that was reported and how often, and the pairs that were seen.
    std::string said() {
        std::string text = said_;
        for (unsigned i = 0; i < violation_count; ++i)
            text += std::to_string(validator_.count(Violation(i))) + " ";
        validator_.for_each_edge(
            [&](const auto& edge, const ClassInfo& outer, const ClassInfo& inner) {
                text += std::string(outer.name) + inner.name + std::to_string(edge.held) + "," +
                        std::to_string(edge.wanted) + " ";
            });
        return text;
    }

private:
    template <typename F>
    void run(F&& f) {
        ScriptPlatform::current = &stack_;
        try {
            f();
        } catch (const ScriptPlatform::Panic&) {
            said_ += "panic ";
        }
        for (const Report& report : std::exchange(ScriptPlatform::reports, {}))
            said_ += text_of(report) + (report.is_warning ? " warned; " : "; ");
    }

    ValidatorType validator_;
    ScriptPlatform::Stack stack_{};
    std::array<ClassInfo, class_count> classes_{
        ClassInfo{"A", 10},
        ClassInfo{"B", 20},
        ClassInfo{"C", 20},
        ClassInfo{"D", 30},
        ClassInfo{"E", 40, WaitKind::blocks},
        ClassInfo{"F", 50, WaitKind::yields, true},
    };
    std::array<LockTag, lock_count> tags_{};
    std::string said_;
};

using Ranked = Side<RankValidator<ScriptPlatform>>;
using Full = Side<Validator<ScriptPlatform>>;

}  // namespace

TEST_CASE("a RankValidator reports, counts and keeps what a Validator that refuses does") {
    std::array<unsigned, 3> reported{};
    for (unsigned seed = 1; seed <= 300; ++seed) {
        mutation::Random random(seed);
        const auto ranked = std::make_unique<Ranked>(Mode::warn);
        const auto full = std::make_unique<Full>(Mode::warn);
        std::vector<Step> held;
        for (int i = 0; i < 60; ++i) {
            Step step{unsigned(random.below(lock_count)), Access(random.below(3)),
                      Way(random.below(3)), false};
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
        const std::string said = full->said();
        REQUIRE(ranked->said() == said);
        reported[0] += said.find("inversion") != std::string::npos;
        reported[1] += said.find("equal_level") != std::string::npos;
        reported[2] += said.find("address_order") != std::string::npos;
    }
    for (const unsigned count : reported)
        CHECK(count > 10);
}
