// libos/linux/start_stack.cpp - the stack a Linux program starts with.
#include "libos/linux/start_stack.hpp"

#include <cstring>
#include <utility>

namespace libos::linux_abi {

namespace {

std::size_t strings_bytes(std::span<const std::string_view> strings) {
    std::size_t bytes = 0;
    for (const auto string : strings)
        bytes += string.size() + 1;
    return bytes;
}

// Words and strings, each written from low to high.
class Writer {
public:
    Writer(std::byte* words, std::byte* strings, std::uint64_t strings_address)
        : words_(words), strings_(strings), address_(strings_address) {}

    void word(std::uint64_t value) {
        std::memcpy(words_, &value, sizeof value);
        words_ += sizeof value;
    }

    void aux(Aux type, std::uint64_t value) {
        word(std::uint64_t(type));
        word(value);
    }

    // Where the program will find them.
    std::uint64_t bytes(const void* from, std::size_t count) {
        std::memcpy(strings_, from, count);
        strings_ += count;
        return std::exchange(address_, address_ + count);
    }

    std::uint64_t string(std::string_view text) {
        const auto address = bytes(text.data(), text.size());
        bytes("", 1);
        return address;
    }

    void strings(std::span<const std::string_view> all) {
        for (const auto text : all)
            word(string(text));
        word(0);
    }

private:
    std::byte* words_;
    std::byte* strings_;
    std::uint64_t address_;
};

}  // namespace

std::optional<std::uint64_t> build_start_stack(const StartStack& start, std::span<std::byte> memory,
                                               std::uint64_t address) {
    constexpr std::size_t own_aux = 4;  // file name, platform, random, end
    const auto words = 1 + start.arguments.size() + 1 + start.environment.size() + 1 +
                       2 * (start.aux.size() + own_aux);
    const auto strings = strings_bytes(start.arguments) + strings_bytes(start.environment) +
                         start.file_name.size() + 1 + start.platform.size() + 1 +
                         start.random.size();
    const auto bytes = (words * sizeof(std::uint64_t) + strings + 15) & ~std::size_t{15};
    if (bytes > memory.size()) return {};
    const auto end = memory.size() & ~std::size_t{15};
    const auto bottom = end - bytes;
    const auto strings_at = end - strings;
    Writer writer(memory.data() + bottom, memory.data() + strings_at, address + strings_at);
    writer.word(start.arguments.size());
    writer.strings(start.arguments);
    writer.strings(start.environment);
    for (const auto entry : start.aux)
        writer.aux(entry.type, entry.value);
    writer.aux(Aux::file_name, writer.string(start.file_name));
    writer.aux(Aux::platform, writer.string(start.platform));
    writer.aux(Aux::random, writer.bytes(start.random.data(), start.random.size()));
    writer.aux(Aux::end, 0);
    return address + bottom;
}

}  // namespace libos::linux_abi
