// libos/linux/malloc_first_fit.cpp - first fit over memory that the program maps, as its allocator.
//
// What it needs of a system it asks by Linux system calls, as the program does: then the memory is
// the program's, which the libOS brings frames to and knows in the arguments of other calls. On
// Linux it works too.
#include <cstring>

#include "libos/alloc/first_fit.hpp"
#include "libos/debug/assert.hpp"

namespace libos {

namespace {

enum class Call : std::uint64_t { write = 1, mmap = 9, exit_group = 231 };

std::uint64_t call(Call number, std::uint64_t a0, std::uint64_t a1 = 0, std::uint64_t a2 = 0,
                   std::uint64_t a3 = 0, std::uint64_t a4 = 0, std::uint64_t a5 = 0) {
    auto result = std::uint64_t(number);
    register std::uint64_t r10 asm("r10") = a3;
    register std::uint64_t r8 asm("r8") = a4;
    register std::uint64_t r9 asm("r9") = a5;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(a0), "S"(a1), "d"(a2), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
}

void say(const char* text) {
    constexpr std::uint64_t standard_error = 2;
    (void)call(Call::write, standard_error, reinterpret_cast<std::uint64_t>(text),
               std::strlen(text));
}

[[noreturn]] void end() {
    (void)call(Call::exit_group, status_aborted);
    __builtin_trap();
}

class MappedPages final : public PageSource {
public:
    std::span<std::byte> grow(std::size_t bytes) override {
        constexpr std::size_t piece = 1 << 20;
        constexpr std::uint64_t read_write = 3;
        constexpr std::uint64_t private_anonymous = 0x22;
        constexpr auto no_file = ~std::uint64_t{0};
        constexpr std::uint64_t errors_first = -std::uint64_t{4095};
        const auto all = (bytes + piece - 1) / piece * piece;
        const auto address = call(Call::mmap, 0, all, read_write, private_anonymous, no_file, 0);
        if (address >= errors_first) return {};
        return {reinterpret_cast<std::byte*>(address), all};
    }
};

constinit MappedPages pages;
constinit FirstFit heap(pages);

}  // namespace

Allocator& allocator() { return heap; }

// In place of libos/debug, which speaks to the kernel.
void assertion_failed(const char* expression, const char* file, int) {
    for (const char* part : {file, ": assertion failed: ", expression, "\n"})
        say(part);
    end();
}

void panic(const char* why) {
    for (const char* part : {"libos: ", why, "\n"})
        say(part);
    end();
}

}  // namespace libos
