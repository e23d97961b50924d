// include/lamina/start.hpp - the start block: what the creator of an environment tells it.
#pragma once

#include <cstdint>

namespace lamina {

inline constexpr std::uint64_t start_magic = 0x5452'4154'534d'414c;  // "LAMSTART"

/// The program that a library OS of its own image shall run; all zero for an app that is linked
/// with its library OS.
struct StartProgram {
    std::uint64_t entry;
    std::uint64_t program_headers;  ///< Address of its ELF program headers in memory.
    std::uint64_t program_header_count;
};

/// Lies at the start of the page whose address the new environment finds in rdi. Arguments are
/// NUL-terminated strings one after the other from `arguments` on. init is started with rdi = 0.
struct StartBlock {
    std::uint64_t magic;
    std::uint32_t abi_version;
    std::uint32_t argument_count;  ///< With the app's name as the first.
    std::uint32_t argument_bytes;  ///< All of them, terminators included.
    std::uint32_t reserved;
    char arguments[4096 - 24 - sizeof(StartProgram)];
    StartProgram program;
};
static_assert(sizeof(StartBlock) == 4096);

}  // namespace lamina
