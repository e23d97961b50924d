// tests/unit/libos/linux/start_stack_test.cpp - the stack is what the System V ABI says.
#include "libos/linux/start_stack.hpp"

#include <elf.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "doctest/doctest.h"

using libos::linux_abi::Aux;
using libos::linux_abi::AuxEntry;
using libos::linux_abi::build_start_stack;
using libos::linux_abi::StartStack;

namespace {

constexpr std::uint64_t address = 0x7000'0000'1000;

// Reads a stack as a C library does.
struct Read {
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::map<std::uint64_t, std::uint64_t> aux;
};

struct Memory {
    std::vector<std::byte> bytes = std::vector<std::byte>(4096, std::byte{0xee});

    std::uint64_t word(std::uint64_t at) const {
        std::uint64_t value;
        REQUIRE(at >= address);
        REQUIRE(at + sizeof value <= address + bytes.size());
        std::memcpy(&value, bytes.data() + (at - address), sizeof value);
        return value;
    }

    std::string string(std::uint64_t at) const {
        REQUIRE(at >= address);
        REQUIRE(at < address + bytes.size());
        const auto* const text = reinterpret_cast<const char*>(bytes.data() + (at - address));
        return {text, ::strnlen(text, bytes.size() - (at - address))};
    }

    std::vector<std::string> strings(std::uint64_t& at) const {
        std::vector<std::string> all;
        for (; word(at) != 0; at += 8)
            all.push_back(string(word(at)));
        at += 8;
        return all;
    }

    Read read(std::uint64_t stack) const {
        const auto count = word(stack);
        Read result;
        auto at = stack + 8;
        result.arguments = strings(at);
        CHECK(result.arguments.size() == count);
        result.environment = strings(at);
        for (; word(at) != AT_NULL; at += 16)
            result.aux[word(at)] = word(at + 8);
        return result;
    }
};

constexpr std::string_view arguments[] = {"program", "", "two words"};
constexpr std::string_view environment[] = {"A=1", "B="};
constexpr AuxEntry aux[] = {{Aux::page_size, 4096}, {Aux::entry, 0x401000}};

StartStack make() {
    StartStack start = {arguments, environment, aux, "/bin/program", "x86_64", {}};
    for (std::size_t i = 0; i < start.random.size(); ++i)
        start.random[i] = std::uint8_t(i + 1);
    return start;
}

}  // namespace

TEST_CASE("a C library finds arguments, environment and auxiliary vector") {
    Memory memory;
    const auto stack = build_start_stack(make(), memory.bytes, address);
    REQUIRE(stack);
    const auto read = memory.read(*stack);
    CHECK(read.arguments == std::vector<std::string>{"program", "", "two words"});
    CHECK(read.environment == std::vector<std::string>{"A=1", "B="});
    CHECK(read.aux.size() == 5);
    CHECK(read.aux.at(AT_PAGESZ) == 4096);
    CHECK(read.aux.at(AT_ENTRY) == 0x401000);
    CHECK(memory.string(read.aux.at(AT_EXECFN)) == "/bin/program");
    CHECK(memory.string(read.aux.at(AT_PLATFORM)) == "x86_64");
    for (std::uint64_t i = 0; i < 16; ++i)
        CHECK(memory.string(read.aux.at(AT_RANDOM) + i)[0] == char(i + 1));
}

TEST_CASE("the types of the auxiliary vector are those of the host's headers") {
    CHECK(std::uint64_t(Aux::program_headers) == AT_PHDR);
    CHECK(std::uint64_t(Aux::program_header_bytes) == AT_PHENT);
    CHECK(std::uint64_t(Aux::program_header_count) == AT_PHNUM);
    CHECK(std::uint64_t(Aux::page_size) == AT_PAGESZ);
    CHECK(std::uint64_t(Aux::base) == AT_BASE);
    CHECK(std::uint64_t(Aux::flags) == AT_FLAGS);
    CHECK(std::uint64_t(Aux::user) == AT_UID);
    CHECK(std::uint64_t(Aux::effective_user) == AT_EUID);
    CHECK(std::uint64_t(Aux::group) == AT_GID);
    CHECK(std::uint64_t(Aux::effective_group) == AT_EGID);
    CHECK(std::uint64_t(Aux::hardware) == AT_HWCAP);
    CHECK(std::uint64_t(Aux::hardware2) == AT_HWCAP2);
    CHECK(std::uint64_t(Aux::ticks_per_second) == AT_CLKTCK);
    CHECK(std::uint64_t(Aux::secure) == AT_SECURE);
    CHECK(std::uint64_t(Aux::signal_stack_bytes_min) == AT_MINSIGSTKSZ);
}

TEST_CASE("the stack pointer is a multiple of 16 whatever the strings are") {
    for (std::size_t length = 0; length < 40; ++length) {
        const std::string text(length, 'x');
        const std::string_view one[] = {text};
        for (const bool with_environment : {false, true}) {
            auto start = make();
            start.arguments = one;
            if (!with_environment) start.environment = {};
            Memory memory;
            const auto stack = build_start_stack(start, memory.bytes, address);
            REQUIRE(stack);
            CHECK(*stack % 16 == 0);
            CHECK(memory.read(*stack).arguments == std::vector<std::string>{text});
            // The strings end where the memory does, but for the padding.
            CHECK(address + memory.bytes.size() - *stack < 512);
        }
    }
}

TEST_CASE("what does not fit is refused, and nothing below the stack is written") {
    Memory memory;
    const auto stack = build_start_stack(make(), memory.bytes, address);
    REQUIRE(stack);
    const auto needed = address + memory.bytes.size() - *stack;
    for (std::uint64_t i = 0; i < *stack - address; ++i)
        CHECK(memory.bytes[i] == std::byte{0xee});
    std::vector<std::byte> exact(needed);
    CHECK(build_start_stack(make(), exact, address) == address);
    std::vector<std::byte> less(needed - 16);
    CHECK(!build_start_stack(make(), less, address));
    CHECK(!build_start_stack(make(), {}, address));
}
