// libos/loader/loader.hpp - starts an app in an environment of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/result.hpp"
#include "lamina/rights.hpp"
#include "libos/sys/handles.hpp"

namespace libos {

/// A capability to be put into a fixed slot of a new environment, with at most these rights.
struct Grant {
    std::uint32_t slot;
    lamina::Handle source;
    lamina::Rights rights;
};

/// What to start and with what.
struct SpawnRequest {
    std::string_view name;
    std::span<const std::byte> elf;
    std::span<const std::byte> libos;  ///< The image that runs `elf` if that is a foreign program.
    std::span<const std::string_view> arguments;  ///< The app's name is put before them.
    lamina::Handle account = fixed::account;      ///< Where the quota comes from.
    std::uint64_t quota_frames = 0;
    std::span<const Grant> grants;
    lamina::Handle notification = lamina::Handle::null;  ///< Told when it has ended.
    std::uint64_t end_bits = 0;
    std::uint64_t cpu = 0;  ///< Where it runs: below InfoPage::cpu_count_used.
    std::uint64_t stack_pages = default_stack_pages;
    bool keep_account = false;  ///< So that memory can be asked back: Child::account.

    static constexpr std::uint64_t default_stack_pages = 16;
};

/// An environment that was started. Dropping the handle does not end it.
struct Child {
    OwnedHandle env;
    std::uint64_t id = 0;
    OwnedHandle account = {};  ///< Whose quota it has, if that was asked for.
};

/// Starts an app, or a foreign program together with a libOS for it: that is started and finds the
/// program in the start block. No ELF file is trusted. On failure everything is undone: no
/// environment, frame or quota is left over and no bit of the notification is set. Errors: elf_* by
/// cause, elf_foreign for a foreign program without `libos`; bad_argument (arguments do not fit the
/// start block, stack too large); those of account_create, env_create, frames_alloc, frames_map and
/// cap_copy.
lamina::Result<Child> spawn(const SpawnRequest& request);

}  // namespace libos
