// include/lamina/sync/rank_validator.hpp - RankValidator: where ranks alone say what order is.
#pragma once

#include "lamina/sync/order_rules.hpp"
#include "lamina/sync/order_validator.hpp"
#include "lamina/sync/rank_graph.hpp"

namespace lamina::sync {

/// The rules where levels increase strictly and no handler of an interrupt takes a lock.
template <OrderPlatform Platform>
class RankRules
    : public OrderRules<RankRules<Platform>, Platform, RankGraph<Platform::Stack::classes_max>> {};

/// An OrderValidator for a kernel that is not interrupted: it has every rule of Validator that can
/// be broken there, and no more code than these need.
template <OrderPlatform Platform>
using RankValidator = OrderValidator<RankRules<Platform>>;

}  // namespace lamina::sync
