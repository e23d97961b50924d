// libos/info/info.hpp - the info pages, mapped into the app and read consistently.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lamina/info.hpp"
#include "lamina/result.hpp"
#include "lamina/stats.hpp"

namespace libos {

/// The info pages, mapped by the first call. Fields that change must be read by read_info.
/// Errors: bad_handle without a capability for them, and those of mapping.
lamina::Result<const lamina::InfoPages*> info_pages();

/// Copies the first page as it was at one moment. Errors: as info_pages.
lamina::Result<void> read_info(lamina::InfoPage& copy);

/// Copies the entry of an environment as it was at one moment; an id of 0 means the entry is free.
/// Errors: as info_pages; bad_argument (index >= env_count_max).
lamina::Result<void> read_env_info(std::uint32_t index, lamina::EnvInfo& copy);

/// Copies what a CPU has counted, as it was at one moment. Errors: as info_pages; bad_argument (no
/// such CPU).
lamina::Result<void> read_cpu_info(std::uint32_t cpu, lamina::CpuInfo& copy);

/// Copies what an environment has counted, by the index of its EnvInfo, as it was at one moment.
/// Errors: as info_pages; bad_argument (index >= env_count_max).
lamina::Result<void> read_env_counts(std::uint32_t index, lamina::EnvCounts& copy);

/// The slice vector of a CPU, which changes while it is read. Errors: as read_cpu_info.
lamina::Result<const lamina::SliceRows*> slice_rows(std::uint32_t cpu);

/// Whether the blank-separated words of a command line hold `word`.
bool has_word(std::string_view command_line, std::string_view word);

/// The text of a NUL-terminated field; all of it if no NUL is there.
template <std::size_t size>
std::string_view text_of(const char (&field)[size]) {
    const std::string_view whole(field, size);
    return whole.substr(0, whole.find('\0'));
}

}  // namespace libos
