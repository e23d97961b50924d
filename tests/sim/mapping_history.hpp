// tests/sim/mapping_history.hpp - MappingHistory: by what right each page came to be mapped.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/capability_history.hpp"
#include "tests/sim/entry.hpp"

namespace sim {

/// Keeps all page tables as they were before the step.
class MappingHistory {
public:
    MappingHistory(const KernelView& view, const CapabilityHistory& capabilities);

    /// Takes over what is there, without questions.
    void adopt();
    /// Compares with what is there after a step in which the kernel ran for `call`, and takes it
    /// over; true if it differs. Comes before CapabilityHistory::check(), whose tables of before
    /// the step it reads.
    bool check(const CallInProgress& call);

private:
    /// A table that may map pages: of which environment, from which address on, and what it held.
    struct Leaf {
        std::uint64_t env_id;  ///< 0: this frame was no such table.
        std::uint64_t base;
        unsigned level;
        exo::PageTablePage page;
    };
    /// A mapped page of any size.
    struct Page {
        const exo::Env* env;
        std::uint64_t address;
        unsigned level;
        exo::PageEntry entry;
    };

    bool tables_changed();
    void check_leaf(const exo::Env& env, const TableView& table, const CallInProgress& call);
    static std::string name_of(const Page& page);
    static void check_form(const Page& page);
    static void check_use(const Page& page, const CallInProgress& call);
    void check_entry(const Page& now, exo::PageEntry was, std::uint64_t caller) const;

    const KernelView* view_;
    const CapabilityHistory* capabilities_;
    std::unique_ptr<Leaf[]> leaves_;               ///< By frame.
    std::unique_ptr<exo::PageTablePage[]> pages_;  ///< Every table as it was, by frame.
    std::vector<bool> was_table_;                  ///< By frame.
    std::vector<TableView> tables_;                ///< Scratch.
};

}  // namespace sim
