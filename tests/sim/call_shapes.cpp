// tests/sim/call_shapes.cpp - reading the declared arguments.
#include "tests/sim/call_shapes.hpp"

namespace sim {
namespace {

/// `text` is "kind name, kind name, ...".
CallShape parsed(std::uint64_t number, std::string_view name, std::string_view text) {
    CallShape shape{number, name, {}, 0};
    while (!text.empty()) {
        const std::string_view one = text.substr(0, text.find(','));
        text.remove_prefix(one.size() < text.size() ? one.size() + 1 : one.size());
        const auto start = one.find_first_not_of(' ');
        if (start == std::string_view::npos) break;
        const auto space = one.find(' ', start);
        shape.arguments[shape.argument_count++] = {one.substr(start, space - start),
                                                   one.substr(space + 1)};
    }
    return shape;
}

}  // namespace

const std::array<CallShape, lamina::call_count>& call_shapes() {
#define LAMINA_ARGS(...) #__VA_ARGS__
#define LAMINA_SYSCALL(number, name, arguments, value, rights, errors, does, why) \
    parsed(number, #name, arguments),
    static const std::array<CallShape, lamina::call_count> shapes = {
#include "lamina/syscalls.def"
    };
#undef LAMINA_SYSCALL
#undef LAMINA_ARGS
    return shapes;
}

}  // namespace sim
