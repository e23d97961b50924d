// libos/vm/page_state.cpp - looks for the entry that maps an address, from the lowest table up.
#include "libos/vm/page_state.hpp"

#include "libos/sys/calls.hpp"

namespace libos {

lamina::Result<PageState> page_state(std::uint64_t address, lamina::Handle env) {
    // The kernel writes it.
    std::uint64_t table[page_table_entries];  // NOLINT(*-member-init)
    for (unsigned level = 1; level < page_levels; ++level) {
        const auto entries = sys::table_read(env, address, level, table);
        if (!entries && entries.error() == lamina::Status::no_table) continue;
        if (!entries) return lamina::fail(entries.error());
        const std::uint64_t entry = table[page_table_index(address, level)];
        if (!maps_page(entry, level)) break;
        return page_state_of(entry, level);
    }
    return lamina::fail(lamina::Status::not_mapped);
}

}  // namespace libos
