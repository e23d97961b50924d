// libos/rt/arguments.hpp - the argument strings of a start block.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "lamina/start.hpp"

namespace libos {

/// Most arguments of an app, its name included.
inline constexpr std::size_t arguments_max = 64;

/// Points `into` at the block's arguments and says how many there are; nothing if counts and
/// terminators disagree.
std::optional<std::size_t> split_arguments(const lamina::StartBlock& block,
                                           std::span<std::string_view> into);

/// Fills a zeroed block with arguments; false if they do not fit or hold a NUL.
bool join_arguments(std::span<const std::string_view> arguments, lamina::StartBlock& block);

}  // namespace libos
