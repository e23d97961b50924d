// include/lamina/sync/full_report.hpp - Report: an OrderReport with the chain and all that is held.
#pragma once

#include <array>

#include "lamina/sync/order_report.hpp"

namespace lamina::sync {

/// How many links of a chain, and how many held locks, a report can show.
inline constexpr unsigned links_max = 16;
inline constexpr unsigned held_max = 16;

/// One step of a chain: `inner` was taken at `taken` while `outer`, taken at `held`, was held. For
/// the step from the interrupted code to the handler, `is_interrupt` is set. A step whose sites
/// were not kept (edge_sites_max) has line 0 in both.
struct ChainLink {
    const ClassInfo* outer = nullptr;
    const ClassInfo* inner = nullptr;
    Site held;
    Site taken;
    bool is_interrupt = false;
};

/// A lock that is held, in the order of taking.
struct HeldLock {
    const ClassInfo* lock_class = nullptr;
    const void* lock = nullptr;
    Site site;
};

/// A violation, complete.
struct Report : OrderReport {
    /// For a cycle: how the wanted lock led to the held one before. `link_count` may exceed
    /// links_max; the rest is then not shown.
    std::array<ChainLink, links_max> links{};
    unsigned link_count = 0;
    std::array<HeldLock, held_max> locks{};  ///< What was held, oldest first.
    unsigned lock_count = 0;
};

}  // namespace lamina::sync
