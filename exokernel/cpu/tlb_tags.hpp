// exokernel/cpu/tlb_tags.hpp - TlbTags: which spaces a CPU's TLB keeps entries of, under which
// tags.
#pragma once

#include <cstdint>

namespace exo {

/// The tags (PCID) of one CPU. A space keeps its tag, and its entries in the TLB, until `count`
/// others have got one; its generation goes up with every change of its page
/// tables that this CPU did not hear of at once, and entries of an older one are dropped when the
/// space is loaded next. Environments' ids never repeat, so entries of one that has ended are only
/// dropped when their tag is used again: nobody runs under it before.
class TlbTags {
public:
    static constexpr std::uint32_t count = 15;

    struct Choice {
        std::uint32_t tag;  ///< 1 to `count`. 0 is the kernel's own.
        bool keep;          ///< The entries with this tag may be used.
    };

    /// The tag to load a space with. `env` is its environment's id. Cost: O(count).
    Choice choose(std::uint64_t env, std::uint64_t generation) {
        for (std::uint32_t i = 0; i < count; ++i) {
            if (uses_[i].env != env) continue;
            const bool current = uses_[i].generation == generation;
            uses_[i].generation = generation;
            return {i + 1, current};
        }
        const std::uint32_t taken = next_;
        next_ = (next_ + 1) % count;
        uses_[taken] = {env, generation};
        return {taken + 1, false};
    }

private:
    struct Use {
        std::uint64_t env = 0;  ///< 0: none; ids begin with 1.
        std::uint64_t generation = 0;
    };

    Use uses_[count];
    std::uint32_t next_ = 0;  ///< The one whose use began first.
};

}  // namespace exo
