// exokernel/lock/lock_order.cpp - what the validator of the kernel's locks says, and to whom.
#include "exokernel/lock/lock_order.hpp"

#include "exokernel/core/after_init.hpp"
#include "exokernel/core/log.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/core/words.hpp"

namespace exo {

using lamina::sync::ClassInfo;
using lamina::sync::Mode;
using lamina::sync::OrderReport;

namespace {

constinit LockValidator lock_validator(Mode::off);

std::string_view name_of(const ClassInfo* lock_class) {
    return lock_class != nullptr ? lock_class->name : "-";
}

}  // namespace

LAMINA_AFTER_INIT bool lock_slowly = false;

LockValidator& LockOrder::validator() { return lock_validator; }

void KernelPlatform::report(const OrderReport& report) {
    log("locks", lamina::sync::sentence_of(report.what));
    log("locks", "wanted ", name_of(report.wanted), " at ", report.site.file_name(), ":",
        report.site.line());
    log("locks", "held ", name_of(report.held), " since ", report.held_site.file_name(), ":",
        report.held_site.line());
}

void KernelPlatform::panic(const OrderReport& report) {
    exo::panic("lock order: ", lamina::sync::name_of(report.what), ", ", name_of(report.wanted));
}

void set_lock_mode(std::string_view command_line) {
    if (has_word(command_line, "locks=warn")) lock_validator.set_mode(Mode::warn);
    if (has_word(command_line, "locks=panic")) lock_validator.set_mode(Mode::panic);
    lock_slowly |= lock_validator.setting().is_on();
}

void log_lock_order() {
    if (!lock_validator.setting().is_on()) return;
    lock_validator.for_each_edge([](const ClassInfo& outer, const ClassInfo& inner) {
        log("locks", outer.name, " before ", inner.name);
    });
}

}  // namespace exo
