// tests/unit/sync/order/oracle.hpp - the rules of lock order, done plainly: lists and a search.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <tuple>
#include <vector>

#include "lamina/sync/order_graph.hpp"
#include "lamina/sync/order_platform.hpp"

namespace order_test {

using namespace lamina::sync;

/// What there is to know of a class.
struct OracleClass {
    Level level;
    WaitKind wait;
    bool recursive;
};

/// What a report must say: the rule, and the numbers of two classes (-1: none).
struct Verdict {
    Violation what;
    int wanted;
    int held;
    auto operator<=>(const Verdict&) const = default;
};

/// One operation on lock `lock` of class `of`.
struct Request {
    int of;
    int lock;
    Access access;
    Way way;
};

/// Says what the validator must report. It keeps the edges as a list and looks for a circle by
/// searching, depth first, at every acquisition; it knows nothing of bits, matrices or caches.
class Oracle {
public:
    Oracle(std::vector<OracleClass> classes, EqualLevels equal, int threads)
        : classes_(std::move(classes)),
          equal_(equal),
          edges_(2 * classes_.size()),
          threads_(unsigned(threads), std::vector<Context>(1)) {}

    /// What is reported, in this sequence; those of interrupts sorted, at the end.
    std::vector<Verdict> acquire(int thread, const Request& request, bool enabled);
    std::vector<Verdict> release(int thread, const Request& request);
    std::vector<Verdict> block(int thread);
    std::vector<Verdict> end(int thread);
    void enter_interrupt(int thread) { threads_[unsigned(thread)].emplace_back(); }
    std::vector<Verdict> leave_interrupt(int thread);
    std::vector<Verdict> enable_interrupts(int thread);
    /// The mode was off: everything held is forgotten.
    void forget_held();

    /// How many different violations were reported. The validator remembers a fixed number.
    std::size_t reported_count() const { return reported_count_; }
    /// What a thread holds in the code that runs, oldest first.
    const std::vector<Request>& held(int thread) const { return threads_[unsigned(thread)].back(); }
    bool in_interrupt(int thread) const { return threads_[unsigned(thread)].size() > 1; }
    /// Whether B was once wanted while A was held.
    bool has_edge(int a, int b) const;

private:
    using Context = std::vector<Request>;
    /// A class, and whether it is held shared or wanted by a recursive reader.
    struct Point {
        int of;
        bool soft;
        auto operator<=>(const Point&) const = default;
    };

    static Point held_as(const Request& r) { return {r.of, r.access != Access::exclusive}; }
    static Point wanted_as(const Request& r) {
        return {r.of, r.access == Access::shared_recursive};
    }
    static bool waits(Point wanted, Point held) { return !(wanted.soft && held.soft); }

    bool leads(Point wanted, Point held) const;
    bool search(Point at, Point target, std::uint64_t& visited) const;
    void check_order(const Context& context, const Request& request, std::vector<Verdict>& said);
    void check_interrupts(std::vector<Verdict>& said);
    bool& is_reported(const Verdict& v) {
        return is_reported_[unsigned(v.what)][unsigned(v.wanted + 1)][unsigned(v.held + 1)];
    }
    void say(std::vector<Verdict>& said, Violation what, int wanted, int held);
    int depth(int thread) const;

    std::vector<OracleClass> classes_;
    EqualLevels equal_;
    static unsigned number(Point point) { return unsigned(2 * point.of + point.soft); }
    static Point point(unsigned number) { return {int(number / 2), number % 2 != 0}; }

    std::vector<std::uint64_t> edges_;  // [number of what is held]: a bit for each wanted
    std::vector<std::vector<Context>> threads_;
    std::set<Point> in_handler_, enabled_;
    static constexpr unsigned classes_max = 32;
    std::array<std::array<std::array<bool, classes_max + 1>, classes_max + 1>, violation_count>
        is_reported_{};
    std::size_t reported_count_ = 0;
};

}  // namespace order_test
