// libos/pager/eager.cpp - the pager that gives all frames at once: no fault ever.
#include "libos/pager/pager.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/mapping.hpp"

namespace libos {

namespace {

constinit PagerStatistics statistics = {};

}  // namespace

lamina::Result<std::span<std::byte>> reserve_memory(std::uint64_t pages) {
    LAMINA_TRY(auto mapping, Mapping::create_new(fixed::account, pages));
    statistics.pages += pages;
    statistics.frames += pages;
    return mapping.release();
}

PagerStatistics pager_statistics() { return statistics; }

}  // namespace libos
