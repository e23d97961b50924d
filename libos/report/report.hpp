// libos/report/report.hpp - how an environment ended, in one line of text.
#pragma once

#include <cstdint>

#include "lamina/archive.hpp"
#include "lamina/report.hpp"
#include "libos/symbols/symbols.hpp"
#include "libos/text/text.hpp"

namespace libos {

/// Writes one line without its end: `env 5 crash_demo: page fault write at 0x0, rip 0x401136
/// (crash_null+0x6)` for a fault, `env 7 hello: exited, status 0`, `env 8 hello: killed`.
/// `symbols` may be null; `stack_pages` is the size of the stack it was started with.
void describe_end(TextSink& sink, const lamina::EnvReport& report, const SymbolTable* symbols,
                  std::uint64_t stack_pages);

/// The same with the symbols of the app of that name in the archive, if it has a sound table.
void describe_end(TextSink& sink, const lamina::EnvReport& report, const lamina::Archive& archive,
                  std::uint64_t stack_pages);

/// What `$?` shows for it: the status it gave, or status_faulted.
std::uint32_t end_status(const lamina::EnvReport& report);

}  // namespace libos
