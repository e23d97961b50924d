// libos/manifest/manifest.cpp - reads the manifest: which apps init starts, with what.
#include "libos/manifest/manifest.hpp"

#include "libos/text/text.hpp"

namespace libos {

namespace {

using Failure = std::optional<ManifestMistake>;

std::string_view take_word(std::string_view& line) {
    const auto start = line.find_first_not_of(" \t");
    if (start == line.npos) {
        line = {};
        return {};
    }
    line.remove_prefix(start);
    const auto word = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(word.size());
    return word;
}

bool printable(std::string_view line) {
    for (char letter : line) {
        if ((letter < ' ' && letter != '\t') || letter > '~') return false;
    }
    return true;
}

Failure read_quota(std::string_view text, ManifestEntry& entry) {
    if (entry.quota_frames != 0 || entry.quota_percent != 0) return ManifestMistake::repeated_word;
    if (text.empty()) return ManifestMistake::bad_quota;
    const auto number = parse_number(text.substr(0, text.size() - 1));
    if (!number || *number == 0) return ManifestMistake::bad_quota;
    if (text.back() == '%') {
        if (*number > 100) return ManifestMistake::bad_quota;
        entry.quota_percent = std::uint32_t(*number);
        return {};
    }
    constexpr std::string_view units = "KMG";
    const auto unit = units.find(text.back());
    if (unit == units.npos || *number > std::uint64_t{1} << 32) return ManifestMistake::bad_quota;
    const auto bytes = *number << (10 * (unit + 1));
    if (!lamina::page_aligned(bytes)) return ManifestMistake::bad_quota;
    entry.quota_frames = bytes / lamina::page_size;
    return {};
}

Failure read_console(std::string_view text, ManifestEntry& entry) {
    using lamina::Rights;
    if (entry.console != Rights::none) return ManifestMistake::repeated_word;
    if (text == "r")
        entry.console = Rights::read;
    else if (text == "w")
        entry.console = Rights::write;
    else if (text == "rw")
        entry.console = Rights::read | Rights::write;
    else
        return ManifestMistake::bad_console;
    return {};
}

Failure set_once(bool& flag) {
    if (flag) return ManifestMistake::repeated_word;
    flag = true;
    return {};
}

Failure read_memory(std::string_view text, ManifestEntry& entry) {
    if (text == "end") return set_once(entry.may_be_ended);
    if (text == "fail" && !entry.may_be_ended) return {};
    return ManifestMistake::bad_memory;
}

/// A number from 1 to `most`, given once.
Failure read_number(std::string_view text, std::uint64_t most, std::uint32_t& number,
                    ManifestMistake mistake) {
    if (number != 0) return ManifestMistake::repeated_word;
    const auto given = parse_number(text);
    if (!given || *given == 0 || *given > most) return mistake;
    number = std::uint32_t(*given);
    return {};
}

Failure read_time(std::string_view text, ManifestEntry& entry) {
    if (!text.ends_with('%')) return ManifestMistake::bad_time;
    text.remove_suffix(1);
    return read_number(text, 100, entry.time_percent, ManifestMistake::bad_time);
}

Failure read_word(std::string_view word, ManifestEntry& entry) {
    constexpr std::string_view quota = "quota=";
    constexpr std::string_view console = "console=";
    constexpr std::string_view memory = "memory=";
    constexpr std::string_view slices = "slices=";
    constexpr std::string_view time = "time=";
    if (word.starts_with(slices))
        return read_number(word.substr(slices.size()), 1024, entry.slices,
                           ManifestMistake::bad_slices);
    if (word.starts_with(time)) return read_time(word.substr(time.size()), entry);
    if (word.starts_with(quota)) return read_quota(word.substr(quota.size()), entry);
    if (word.starts_with(console)) return read_console(word.substr(console.size()), entry);
    if (word.starts_with(memory)) return read_memory(word.substr(memory.size()), entry);
    if (word == "archive") return set_once(entry.archive);
    if (word == "info") return set_once(entry.info);
    if (word == "power") return set_once(entry.power);
    if (word == "main") return set_once(entry.main);
    return ManifestMistake::unknown_word;
}

Failure read_arguments(std::string_view& line, ManifestEntry& entry) {
    for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
        if (entry.argument_count == ManifestEntry::arguments_max)
            return ManifestMistake::too_many_arguments;
        entry.argument_storage[entry.argument_count++] = word;
    }
    return {};
}

std::expected<ManifestEntry, ManifestError> read_line(std::string_view line, std::uint32_t number) {
    const auto mistake = [&](ManifestMistake what, std::string_view word) {
        return std::unexpected(ManifestError{what, number, word});
    };
    if (!printable(line)) return mistake(ManifestMistake::not_text, "");
    ManifestEntry entry;
    const auto first = take_word(line);
    if (first != "start") return mistake(ManifestMistake::not_start, first);
    entry.app = take_word(line);
    if (entry.app.empty()) return mistake(ManifestMistake::no_app, "");
    for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
        const auto failure = word == "--" ? read_arguments(line, entry) : read_word(word, entry);
        if (failure) return mistake(*failure, word);
    }
    if (entry.quota_frames == 0 && entry.quota_percent == 0)
        return mistake(ManifestMistake::no_quota, entry.app);
    return entry;
}

}  // namespace

const char* manifest_mistake_cause(ManifestMistake mistake) {
    switch (mistake) {
        case ManifestMistake::not_start: return "a line begins with the word start";
        case ManifestMistake::no_app: return "no app is named";
        case ManifestMistake::no_quota: return "an app needs quota=SIZE";
        case ManifestMistake::bad_quota:
            return "a quota is whole pages with K, M or G, or 1% to 100%";
        case ManifestMistake::bad_console: return "console is r, w or rw";
        case ManifestMistake::bad_memory: return "memory is fail or end";
        case ManifestMistake::bad_slices: return "slices is a number from 1 to 1024";
        case ManifestMistake::bad_time: return "time is 1% to 100%";
        case ManifestMistake::unknown_word: return "unknown word";
        case ManifestMistake::repeated_word: return "a word is given twice";
        case ManifestMistake::too_many_arguments: return "too many arguments";
        case ManifestMistake::not_text: return "the line is not printable text";
    }
    return "unknown mistake";
}

std::optional<std::expected<ManifestEntry, ManifestError>> ManifestReader::next() {
    while (!rest_.empty()) {
        const auto whole = rest_.substr(0, rest_.find('\n'));
        rest_.remove_prefix(whole.size() == rest_.size() ? whole.size() : whole.size() + 1);
        ++line_;
        const auto line = whole.substr(0, whole.find('#'));
        if (line.find_first_not_of(" \t") != line.npos) return read_line(line, line_);
    }
    return {};
}

}  // namespace libos
