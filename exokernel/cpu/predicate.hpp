// exokernel/cpu/predicate.hpp - checking predicates once, and evaluating what was found sound.
#pragma once

#include <cstdint>

#include "lamina/predicate.hpp"
#include "lamina/result.hpp"

namespace exo {

/// Whether a predicate can be evaluated: known steps, in bounds, with as many words on the stack as
/// they take, never more than predicate_depth_max, and one at the end. Its capabilities and offsets
/// are for the caller to check. Errors: bad_argument.
lamina::Result<void> check_predicate(const lamina::Predicate& predicate);

/// Whether it holds, `words[i]` being where its i-th word is. Needs: check_predicate() said so.
/// Cost: a few instructions for each of the at most 16 steps.
bool predicate_holds(const lamina::Predicate& predicate, const std::uint64_t* const* words);

}  // namespace exo
