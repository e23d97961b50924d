// libos/pager/pager.hpp - paged memory: address space whose frames come when the pager wants.
//
// An app picks a pager in its deps: //libos/pager:eager or :lazy; that target defines what is here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lamina/result.hpp"

namespace libos {

struct PagerStatistics {
    std::uint64_t pages;   ///< Of all paged memory.
    std::uint64_t frames;  ///< That it has got so far.
    std::uint64_t faults;  ///< That the pager served.
};

/// `pages` pages that read as zero until written, for good. A lazy pager starts upcalls if the app
/// has not, and ends the app if there is no frame for a page that is touched. Errors: bad_argument
/// (0 pages), limit_reached (address space, or areas of the pager); of an eager pager also those of
/// frames_alloc and frames_map; of a lazy one those of vcpu_bind.
lamina::Result<std::span<std::byte>> reserve_memory(std::uint64_t pages);

PagerStatistics pager_statistics();

}  // namespace libos
