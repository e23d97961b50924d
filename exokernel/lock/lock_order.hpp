// exokernel/lock/lock_order.hpp - the validator of the kernel's locks, and the type of them.
#pragma once

#include <string_view>

#include "exokernel/lock/kernel_platform.hpp"
#include "lamina/sync/followed_lock.hpp"
#include "lamina/sync/rank_validator.hpp"
#include "lamina/sync/spin_core.hpp"

namespace exo {

using LockValidator = lamina::sync::RankValidator<KernelPlatform>;
using lamina::sync::Rank;
using lamina::sync::step;

/// Off unless the command line says `locks=warn` or `locks=panic`.
struct LockOrder {
    static LockValidator& validator();
};

/// The library's spin lock, as the machine has it seen.
using KernelSpin = arch::SeenLock<lamina::sync::SpinCore<KernelPlatform>>;

/// A lock of the kernel; docs/locks.md has the table of all.
template <typename Class>
using RankedLock = lamina::sync::FollowedLock<Class, KernelSpin, LockOrder>;

/// Whether somebody is to hear of each time the kernel lock is taken: the validator, or the own
/// sections of other CPUs.
extern bool lock_slowly;

/// Sets the validator's mode by the words of the command line.
void set_lock_mode(std::string_view command_line);

/// Logs which class was taken with which other held, one line `locks: NAME before NAME` for each
/// pair, if the validator is on.
void log_lock_order();

}  // namespace exo

template <>
struct lamina::sync::LockTraits<exo::KernelSpin>
    : lamina::sync::TraitsOf<lamina::sync::WaitKind::spins> {};
