// libos/rt/arguments.cpp - the argument strings of a start block.
#include "libos/rt/arguments.hpp"

#include "lamina/syscalls.hpp"

namespace libos {

std::optional<std::size_t> split_arguments(const lamina::StartBlock& block,
                                           std::span<std::string_view> into) {
    if (block.argument_bytes > sizeof block.arguments || block.argument_count > into.size())
        return {};
    std::string_view rest(block.arguments, block.argument_bytes);
    for (std::size_t i = 0; i < block.argument_count; ++i) {
        const auto end = rest.find('\0');
        if (end == rest.npos) return {};
        into[i] = rest.substr(0, end);
        rest.remove_prefix(end + 1);
    }
    if (!rest.empty()) return {};
    return block.argument_count;
}

bool join_arguments(std::span<const std::string_view> arguments, lamina::StartBlock& block) {
    std::size_t used = 0;
    if (arguments.size() > arguments_max) return false;
    for (const auto argument : arguments) {
        if (argument.size() >= sizeof block.arguments - used ||
            argument.find('\0') != argument.npos)
            return false;
        used += argument.copy(block.arguments + used, argument.size());
        block.arguments[used++] = '\0';
    }
    block.magic = lamina::start_magic;
    block.abi_version = lamina::abi_version;
    block.argument_count = std::uint32_t(arguments.size());
    block.argument_bytes = std::uint32_t(used);
    return true;
}

}  // namespace libos
