// libos/manifest/manifest.hpp - reads the manifest: which apps init starts, with what.
//
// One app a line; `#` starts a comment; words are separated by blanks:
//
//   start APP quota=SIZE [slices=N] [time=N%] [console=r|w|rw] [memory=fail|end] [archive] [info]
//         [power] [main] [-- ARGUMENT...]
//
// (on one line)
//
// quota    frames the app may use: a size with K, M or G (binary), or N% of what init has left
// slices   how many slices of CPUs the app, and what it starts, may have: 1 to 1024
// time     for how much of each 100 ms they may run: 1 to 100% of one CPU
// console  capability for the console: take input (r), put output (w)
// memory   when the machine has few page frames left: requests of this app and of what it started
//          may fail, nothing else (fail, the usual), or init ends who uses most of them (end)
// archive  capability for the boot archive; with it an app can start others
// info     capabilities for the info pages and the frame table
// power    capability to power off and reboot
// main     when this app ends, the machine powers off with its status
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "lamina/layout.hpp"
#include "lamina/rights.hpp"

namespace libos {

/// One line of a manifest. Texts point into the manifest.
struct ManifestEntry {
    static constexpr std::size_t arguments_max = 8;

    std::string_view app;
    std::uint64_t quota_frames = 0;   ///< 0: `quota_percent` counts.
    std::uint32_t quota_percent = 0;  ///< 1-100.
    lamina::Rights console = lamina::Rights::none;
    bool may_be_ended = false;       ///< memory=end.
    std::uint32_t slices = 0;        ///< 0: without bound.
    std::uint32_t time_percent = 0;  ///< 0: without bound.
    bool archive = false;
    bool info = false;
    bool power = false;
    bool main = false;
    std::uint32_t argument_count = 0;
    std::array<std::string_view, arguments_max> argument_storage = {};

    std::span<const std::string_view> arguments() const {
        return {argument_storage.data(), argument_count};
    }
};

/// What is wrong with a line of a manifest.
enum class ManifestMistake {
    not_start,
    no_app,
    no_quota,
    bad_quota,
    bad_console,
    bad_memory,
    bad_slices,
    bad_time,
    unknown_word,
    repeated_word,
    too_many_arguments,
    not_text,
};

/// The mistake in words, for messages to people.
const char* manifest_mistake_cause(ManifestMistake mistake);

struct ManifestError {
    ManifestMistake mistake;
    std::uint32_t line;  ///< From 1.
    std::string_view word;
};

/// Walks a manifest line by line. A bad line is reported and does not keep the next from being
/// read. The text must outlive the entries; nothing is allocated.
class ManifestReader {
public:
    explicit ManifestReader(std::string_view text) : rest_(text) {}

    /// The next line that is neither blank nor comment; nothing at the end.
    std::optional<std::expected<ManifestEntry, ManifestError>> next();

private:
    std::string_view rest_;
    std::uint32_t line_ = 0;
};

}  // namespace libos
