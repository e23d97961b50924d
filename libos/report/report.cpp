// libos/report/report.cpp - how an environment ended, in one line of text.
#include "libos/report/report.hpp"

#include <string_view>

#include "lamina/exceptions.hpp"
#include "libos/vm/layout.hpp"

namespace libos {

namespace {

constexpr std::uint32_t page_fault = 14;

// Page-fault error code: bit 1 write, bit 4 instruction fetch (Intel SDM vol. 3A, 4.7).
std::string_view page_fault_access(std::uint32_t error_code) {
    if ((error_code & 1U << 4) != 0) return "execute";
    return (error_code & 1U << 1) != 0 ? "write" : "read";
}

std::string_view name_of(const lamina::EnvReport& report) {
    const std::string_view name(report.name, sizeof report.name);
    return name.substr(0, name.find('\0'));
}

// Where the instruction pointer was, with its function if the symbols know it.
void put_place(TextSink& sink, const lamina::EnvReport& report, const SymbolTable* symbols) {
    put(sink, ", rip ", Hex{report.rip});
    if (symbols == nullptr) return;
    if (const auto place = symbols->find(report.rip))
        put(sink, " (", place->name, "+", Hex{place->offset}, ")");
}

void put_fault(TextSink& sink, const lamina::EnvReport& report, const SymbolTable* symbols,
               std::uint64_t stack_pages) {
    put(sink, lamina::exception_name(report.vector));
    if (report.vector == page_fault) {
        put(sink, " ", page_fault_access(report.error_code), " at ", Hex{report.address});
        if (layout::in_stack_guard(report.address, stack_pages)) put(sink, " (stack overflow)");
    } else if (report.error_code != 0) {
        put(sink, " code ", Hex{report.error_code});
    }
    put_place(sink, report, symbols);
}

}  // namespace

void describe_end(TextSink& sink, const lamina::EnvReport& report, const SymbolTable* symbols,
                  std::uint64_t stack_pages) {
    put(sink, "env ", report.env_id, " ", name_of(report), ": ");
    switch (report.cause) {
        case lamina::EndCause::exited: put(sink, "exited, status ", report.status); return;
        case lamina::EndCause::killed: put(sink, "killed"); return;
        case lamina::EndCause::revoked: put(sink, "its vCPU area was revoked"); return;
        case lamina::EndCause::foreign_while_disabled:
            put(sink, "foreign system call while disabled");
            put_place(sink, report, symbols);
            return;
        case lamina::EndCause::faulted: put_fault(sink, report, symbols, stack_pages); return;
    }
    put(sink, "ended for cause ", std::uint32_t(report.cause));
}

void describe_end(TextSink& sink, const lamina::EnvReport& report, const lamina::Archive& archive,
                  std::uint64_t stack_pages) {
    // A foreign program's libOS is an app of its own.
    const bool in_libos =
        report.rip >= lamina::libos_image_start && report.rip < lamina::libos_image_end;
    const auto file = archive.find(in_libos ? layout::libos_image_name : name_of(report),
                                   lamina::ArchiveKind::symbols);
    if (file) {
        if (const auto symbols = SymbolTable::open(*file)) {
            describe_end(sink, report, &*symbols, stack_pages);
            return;
        }
    }
    describe_end(sink, report, static_cast<const SymbolTable*>(nullptr), stack_pages);
}

std::uint32_t end_status(const lamina::EnvReport& report) {
    const bool gave_status =
        report.cause == lamina::EndCause::exited || report.cause == lamina::EndCause::killed;
    return gave_status ? report.status : lamina::status_faulted;
}

}  // namespace libos
