// libos/linux/table.cpp - from a number in rax to a handler; counts what is not served.
#include <array>
#include <cstddef>
#include <utility>

#include "libos/console/console.hpp"
#include "libos/linux/calls.hpp"
#include "libos/linux/unserved.hpp"

namespace libos::linux_abi {

namespace {

using Entry = std::uint64_t (*)(std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t,
                                std::uint64_t, std::uint64_t);

// One more than the greatest number of both tables.
constexpr std::size_t numbers = 451;

template <typename T>
T decode(std::uint64_t reg) {
    if constexpr (std::is_same_v<T, UserAddress>)
        return {reg};
    else
        return T(reg);
}

// Wraps a handler in the register convention.
template <auto handler>
struct Wrapper;

template <typename... Args, calls::Value (*handler)(Args...)>
struct Wrapper<handler> {
    static std::uint64_t call(std::uint64_t a0, std::uint64_t a1, std::uint64_t a2,
                              std::uint64_t a3, std::uint64_t a4, std::uint64_t a5) {
        const std::uint64_t regs[] = {a0, a1, a2, a3, a4, a5};
        return unpack(regs, std::index_sequence_for<Args...>{});
    }

private:
    template <std::size_t... index>
    static std::uint64_t unpack([[maybe_unused]] const std::uint64_t* regs,
                                std::index_sequence<index...>) {
        return to_register(handler(decode<Args>(regs[index])...));
    }
};

constexpr auto entries = [] {
    std::array<Entry, numbers> table = {};
#define LAMINA_LINUX_CALL(number, name, arguments, does) table[number] = Wrapper<calls::name>::call;
#include "libos/linux/calls.def"
#undef LAMINA_LINUX_CALL
    return table;
}();

constexpr auto names = [] {
    std::array<const char*, numbers> table = {};
#define LAMINA_LINUX_NAME(number, name) table[number] = #name;
#include "libos/linux/names.def"
#undef LAMINA_LINUX_NAME
    return table;
}();

constinit std::array<std::uint32_t, numbers> counts = {};
constinit std::uint32_t nameless = 0;

}  // namespace

// For entry.S.
extern "C" {
extern const std::array<Entry, numbers> libos_linux_entries;
extern const std::uint64_t libos_linux_entry_count;
constinit const std::array<Entry, numbers> libos_linux_entries = entries;
constinit const std::uint64_t libos_linux_entry_count = numbers;

std::uint64_t libos_linux_unserved(std::uint64_t number) {
    if (number < numbers && names[number] != nullptr)
        ++counts[number];
    else
        ++nameless;
    return to_register(lamina::fail(Errno::enosys));
}

void lamina_print_unserved_calls() { print_unserved(console()); }
}

void print_unserved(TextSink& sink) {
    for (std::size_t i = 0; i < numbers; ++i) {
        if (counts[i] != 0) put(sink, "libos: not served: ", names[i], " ", counts[i], "\n");
    }
    if (nameless != 0) put(sink, "libos: not served: calls without a name ", nameless, "\n");
}

}  // namespace libos::linux_abi
