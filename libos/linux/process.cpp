// libos/linux/process.cpp - who the program is, and its end.
#include "libos/linux/process.hpp"

#include <cpuid.h>

#include <algorithm>
#include <cstring>

#include "lamina/report.hpp"
#include "libos/console/console.hpp"
#include "libos/info/info.hpp"
#include "libos/linux/unserved.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"

namespace libos::linux_abi {

namespace {

constinit std::string_view name = {};

bool has_rdrand() {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_RDRND) != 0;
}

// False if the processor's generator is exhausted.
[[gnu::target("rdrnd")]] bool rdrand(unsigned long long& value) {
    constexpr int tries_max = 10;  // Intel SDM vol. 1, 7.3.17.1
    for (int i = 0; i < tries_max; ++i) {
        if (__builtin_ia32_rdrand64_step(&value) != 0) return true;
    }
    return false;
}

// SplitMix64 (Steele, Lea, Flood, 2014) over the clock.
std::uint64_t mix_clock() {
    static constinit std::uint64_t state = 0;
    state += __builtin_ia32_rdtsc() + 0x9e37'79b9'7f4a'7c15;
    auto mixed = state;
    mixed = (mixed ^ mixed >> 30) * 0xbf58'476d'1ce4'e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d0'49bb'1331'11eb;
    return mixed ^ mixed >> 31;
}

}  // namespace

std::int32_t process_id() {
    lamina::CapInfo info = {};
    (void)sys::cap_inspect(fixed::self, &info);
    return std::int32_t(info.id);
}

std::string_view process_name() { return name; }
void set_process_name(std::string_view given) { name = given; }

void end_process(std::int32_t status) {
    const auto pages = info_pages();
    if (pages && has_word(text_of((*pages)->page.command_line), "LAMINA_ENOSYS"))
        print_unserved(console());
    libos::exit(status);
}

void end_by_signal(std::int32_t signal) {
    print("libos: ", name, ": ended by signal ", signal, "\n");
    end_process(128 + signal);
}

void fill_random(std::span<std::byte> bytes) {
    const bool by_processor = has_rdrand();
    while (!bytes.empty()) {
        unsigned long long value = 0;
        if (!by_processor || !rdrand(value)) value = mix_clock();
        const auto count = std::min(bytes.size(), sizeof value);
        std::memcpy(bytes.data(), &value, count);
        bytes = bytes.subspan(count);
    }
}

}  // namespace libos::linux_abi
