// include/lamina/sync/guarded_graph.hpp - GuardedGraph: an OrderGraph, and the spinlock around it.
#pragma once

#include <atomic>

namespace lamina::sync {

/// A graph that one at a time changes, with interrupts masked. Nothing calls out while it does.
template <typename Platform, typename Graph>
class GuardedGraph {
public:
    template <typename... Arguments>
    constexpr explicit GuardedGraph(Arguments... arguments) : graph_(arguments...) {}

    /// For what may be read at any time.
    [[gnu::always_inline]] const Graph& read() const { return graph_; }

    /// Calls `f(Graph&)` while nobody else changes the graph, or what else is guarded by it.
    template <typename F>
    auto with(F&& f) {
        const Hold hold(lock_);
        return f(graph_);
    }

private:
    class Hold {
    public:
        explicit Hold(std::atomic_flag& flag)
            : flag_(flag), interrupts_(Platform::mask_interrupts()) {
            while (flag_.test_and_set(std::memory_order_acquire))
                while (flag_.test(std::memory_order_relaxed))
                    Platform::relax();
        }
        ~Hold() {
            flag_.clear(std::memory_order_release);
            Platform::restore_interrupts(interrupts_);
        }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

    private:
        std::atomic_flag& flag_;
        typename Platform::InterruptState interrupts_;
    };

    Graph graph_;
    std::atomic_flag lock_{};
};

}  // namespace lamina::sync
