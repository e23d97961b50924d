// exokernel/env/info_pages.hpp - InfoPageWriter: keeps the read-only info pages up to date.
#pragma once

#include "exokernel/env/env.hpp"
#include "lamina/info.hpp"
#include "lamina/stats.hpp"

namespace exo {

/// Writes lamina::InfoPages, and the StatPages and SliceRows behind them. Readers take no lock: see
/// InfoPage::sequence.
class InfoPageWriter {
public:
    /// Allocates the pages as a run charged to `account`, with one reference. Boot only, when all
    /// CPUs have been added and none has a slice.
    Result<void> create(Account& account);
    FrameNumber first_frame() const { return first_frame_; }

    /// A place for an environment. Errors: limit_reached.
    Result<std::uint32_t> free_index() const;
    /// Needs: env.index is free.
    void add_env(Env& env, std::uint64_t parent_id);
    /// The environment of an id that has not ended; null: there is none. Cost: O(env_count_max).
    Env* find(std::uint64_t id) const;
    /// Its state, and where its first vCPU is, may be others now.
    void set_state(const Env& env);
    void remove_env(const Env& env);
    /// Copies this CPU's counters and, if there is one, the vCPU's into the pages.
    void refresh(Vcpu* vcpu);

    lamina::InfoPage& page() { return pages_->page; }
    std::uint32_t page_count() const { return page_count_; }

private:
    void write(auto change);

    lamina::InfoPages* pages_ = nullptr;
    lamina::StatPages* stats_ = nullptr;
    std::uint32_t page_count_ = 0;
    FrameNumber first_frame_ = {};
    Env* envs_[lamina::env_count_max] = {};  ///< By their place; null: free.
    std::uint32_t search_from_ = 0;
};

extern InfoPageWriter info_pages;

}  // namespace exo
