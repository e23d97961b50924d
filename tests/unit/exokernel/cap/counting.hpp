// tests/unit/exokernel/cap/counting.hpp - operations of a table that only count.
#pragma once

#include "exokernel/cap/table.hpp"

/// Nothing is destroyed. An account has pages as many as its `marks` says
/// (it has no other use for that here).
inline const exo::CapOps counting = {
    [](exo::Object&) {},
    [](exo::CapTable&, exo::Object& account) -> exo::Result<exo::CapPage*> {
        if (account.marks == 0) return lamina::fail(exo::Status::quota_exceeded);
        --account.marks;
        return new exo::CapPage();
    },
    [](exo::CapPage* page) { delete page; }};
