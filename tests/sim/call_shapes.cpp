// tests/sim/call_shapes.cpp - the declared calls and arguments, by number.
#include "tests/sim/call_shapes.hpp"

namespace sim {

const std::array<CallShape, lamina::call_count>& call_shapes() {
    static constexpr auto shapes = [] {
        std::array<CallShape, lamina::call_count> all = {};
        for (const calls::CallRow& row : calls::call_rows) {
            const calls::Arguments arguments(row);
            all[std::size_t(row.number)] = {std::uint64_t(row.number), row.name, arguments.list,
                                            unsigned(arguments.count)};
        }
        return all;
    }();
    return shapes;
}

}  // namespace sim
