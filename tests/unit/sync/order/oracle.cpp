// tests/unit/sync/order/oracle.cpp - Oracle: see oracle.hpp.
#include "tests/unit/sync/order/oracle.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace order_test {

namespace {
constexpr int held_at_once_max = 16;
}

bool Oracle::search(Point at, Point target, std::uint64_t& visited) const {
    visited |= std::uint64_t{1} << number(at);
    for (const bool shared : {false, true}) {
        if (!waits(at, {at.of, shared})) continue;
        for (std::uint64_t left = edges_[number({at.of, shared})]; left != 0; left &= left - 1) {
            const unsigned bit = unsigned(std::countr_zero(left));
            const Point next = point(bit);
            if (next.of == target.of && waits(next, target)) return true;
            if ((visited >> bit & 1) == 0 && search(next, target, visited)) return true;
        }
    }
    return false;
}

bool Oracle::leads(Point wanted, Point held) const {
    std::uint64_t visited = 0;
    return search(wanted, held, visited);
}

bool Oracle::has_edge(int a, int b) const {
    const std::uint64_t wanted = edges_[number({a, false})] | edges_[number({a, true})];
    return (wanted >> number({b, false}) & 3) != 0;
}

void Oracle::say(std::vector<Verdict>& said, Violation what, int wanted, int held) {
    const Verdict verdict{what, wanted, held};
    if (std::exchange(is_reported(verdict), true)) return;
    ++reported_count_;
    said.push_back(verdict);
}

int Oracle::depth(int thread) const {
    std::size_t total = 0;
    for (const Context& context : threads_[unsigned(thread)])
        total += context.size();
    return int(total);
}

void Oracle::check_order(const Context& context, const Request& request,
                         std::vector<Verdict>& said) {
    const OracleClass& mine = classes_[unsigned(request.of)];
    const Point wanted = wanted_as(request);
    bool found = false;
    const auto object = [&](Violation what, const Request& held) {
        if (!found) say(said, what, request.of, held.of);
        found = true;
    };
    for (auto held = context.rbegin(); held != context.rend(); ++held) {
        const OracleClass& its = classes_[unsigned(held->of)];
        const Point its_point = held_as(*held);
        if (held->of == request.of) {
            const bool readers =
                held->access != Access::exclusive && request.access == Access::shared_recursive;
            if (readers) continue;
            if (request.way != Way::paired)
                object(Violation::same_class, *held);
            else if (request.lock < held->lock)
                object(Violation::address_order, *held);
            continue;
        }
        if (mine.level < its.level)
            object(Violation::inversion, *held);
        else if (mine.level == its.level && equal_ == EqualLevels::refuse)
            object(Violation::equal_level, *held);
        else if (mine.level == its.level && leads(wanted, its_point))
            object(Violation::cycle, *held);
        else if (its.wait != WaitKind::spins || mine.wait == WaitKind::spins) {
            edges_[number(its_point)] |= std::uint64_t{1} << number(wanted);
        }
    }
}

void Oracle::check_interrupts(std::vector<Verdict>& said) {
    std::vector<Verdict> circles;
    for (const Point wanted : in_handler_)
        for (const Point held : enabled_) {
            if (is_reported({Violation::interrupt, wanted.of, held.of})) continue;
            if ((wanted.of == held.of && waits(wanted, held)) || leads(wanted, held))
                say(circles, Violation::interrupt, wanted.of, held.of);
        }
    std::sort(circles.begin(), circles.end());
    said.insert(said.end(), circles.begin(), circles.end());
}

std::vector<Verdict> Oracle::acquire(int thread, const Request& request, bool enabled) {
    std::vector<Verdict> said;
    Context& context = threads_[unsigned(thread)].back();
    const OracleClass& mine = classes_[unsigned(request.of)];
    const bool handler = in_interrupt(thread);
    const auto again = std::find_if(context.rbegin(), context.rend(), [&](const Request& held) {
        return held.of == request.of && held.lock == request.lock;
    });
    const bool is_again = request.way != Way::tried && again != context.rend();
    if (is_again) {
        const bool reads =
            again->access != Access::exclusive && request.access == Access::shared_recursive;
        if (!mine.recursive && !reads) say(said, Violation::reacquisition, request.of, request.of);
    } else if (request.way != Way::tried) {
        const auto spinning = std::find_if(context.rbegin(), context.rend(), [&](const Request& r) {
            return classes_[unsigned(r.of)].wait == WaitKind::spins;
        });
        if (mine.wait != WaitKind::spins && (handler || spinning != context.rend()))
            say(said, Violation::wait_kind, request.of,
                spinning != context.rend() ? spinning->of : -1);
        check_order(context, request, said);
        if (handler && mine.wait == WaitKind::spins) in_handler_.insert(wanted_as(request));
    }
    if (!is_again) {
        if (enabled) enabled_.insert(held_as(request));
        check_interrupts(said);
    }
    if (depth(thread) == held_at_once_max) {
        const Request* top = nullptr;
        for (const Context& each : threads_[unsigned(thread)])
            if (!each.empty()) top = &each.back();
        say(said, Violation::overflow, request.of, top->of);
        return said;
    }
    context.push_back(request);
    return said;
}

std::vector<Verdict> Oracle::release(int thread, const Request& request) {
    std::vector<Verdict> said;
    Context& context = threads_[unsigned(thread)].back();
    const auto same = [&](const Request& held) {
        return held.of == request.of && held.lock == request.lock;
    };
    const auto exact = std::find_if(context.rbegin(), context.rend(), [&](const Request& held) {
        return same(held) && held.access == request.access;
    });
    if (exact != context.rend()) {
        if (exact != context.rbegin())
            say(said, Violation::release_order, request.of, context.back().of);
        context.erase(std::next(exact).base());
        return said;
    }
    say(said, Violation::stranger_release, request.of, request.of);
    const auto other = std::find_if(context.rbegin(), context.rend(), same);
    if (other != context.rend()) context.erase(std::next(other).base());
    return said;
}

std::vector<Verdict> Oracle::block(int thread) {
    std::vector<Verdict> said;
    const Context& context = threads_[unsigned(thread)].back();
    const auto spinning = std::find_if(context.rbegin(), context.rend(), [&](const Request& held) {
        return classes_[unsigned(held.of)].wait == WaitKind::spins;
    });
    if (spinning != context.rend())
        say(said, Violation::blocking, -1, spinning->of);
    else if (in_interrupt(thread))
        say(said, Violation::blocking, -1, -1);
    return said;
}

std::vector<Verdict> Oracle::end(int thread) {
    std::vector<Verdict> said;
    const Context& context = threads_[unsigned(thread)].back();
    if (!context.empty()) say(said, Violation::held_at_exit, -1, context.back().of);
    return said;
}

std::vector<Verdict> Oracle::leave_interrupt(int thread) {
    std::vector<Verdict> said = end(thread);
    threads_[unsigned(thread)].pop_back();
    return said;
}

std::vector<Verdict> Oracle::enable_interrupts(int thread) {
    std::vector<Verdict> said;
    for (const Request& held : threads_[unsigned(thread)].back())
        enabled_.insert(held_as(held));
    check_interrupts(said);
    return said;
}

void Oracle::forget_held() {
    for (auto& contexts : threads_)
        for (Context& context : contexts)
            context.clear();
}

}  // namespace order_test
