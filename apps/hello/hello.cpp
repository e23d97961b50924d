// apps/hello/hello.cpp - the smallest app: says who it is and what it was given.
#include <span>
#include <string_view>

#include "lamina/report.hpp"
#include "libos/console/console.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"

int lamina_main(std::span<const std::string_view> arguments) {
    lamina::CapInfo self = {};
    if (!libos::sys::cap_inspect(libos::fixed::self, &self)) return 1;
    libos::print("hello from env ", self.id);
    for (const auto argument : arguments.subspan(1))
        libos::print(" ", argument);
    libos::print("\n");
    return 0;
}
