// tests/random_calls/stage.cpp - filling the stage, and addresses in it.
#include "tests/random_calls/stage.hpp"

#include <cstring>

namespace random_calls {

using calls::Meaning;
using lamina::page_size;
using lamina::Protection;

static_assert(sizeof(Structures) <= page_size);

namespace {

constexpr std::uint64_t kernel_address = 0xffff'8000'0000'0000;
/// So that what is written at the most there stays inside a page.
constexpr std::uint64_t spread = 3000;

std::uint64_t address_of(const void* structure) {
    return reinterpret_cast<std::uint64_t>(structure);
}

}  // namespace

std::uint64_t set_predicate(std::uint64_t frames, bool holds) {
    lamina::Predicate& made = structures().predicate;
    made = {1, 1, {{lamina::PredicateOp::constant, 0}}, {holds ? 1U : 0U}, {}};
    made.words[0].frames = lamina::Handle(std::uint32_t(frames));
    return address_of(&made);
}

std::uint64_t random_page(Choices& choices) {
    return regions[choices.below(std::size(regions))] + choices.below(region_pages) * page_size;
}

lamina::Result<void> set_stage(lamina::Handle env, lamina::Handle run) {
    LAMINA_CHECK(libos::sys::frames_map(env, run, 0, 1, stage_address, Protection::read));
    return libos::sys::frames_map(env, run, 1, stage_pages - 1, output_page,
                                  Protection::read | Protection::write);
}

void fill_structures() {
    Structures& made = structures();
    made.reversed_range = {.run = 0,
                           .trap = 0,
                           .slice_end = 0,
                           .foreign = 0,
                           .stack = 0,
                           .resume_start = stage_end,
                           .resume_end = stage_address};
    made.kernel_address = made.no_entries;
    made.kernel_address.trap = kernel_address;
    made.kernel_rip.rip = kernel_address;
    std::memset(reinterpret_cast<void*>(quiet_page), '\r', page_size);
}

std::uint64_t stage_address_for(Meaning meaning, Choices& choices) {
    const std::uint64_t chance = choices.below(100);
    // Bad in every use: the last byte, nowhere, and not in the user half.
    if (chance < 4) return stage_end - 1;
    if (chance < 7) return unmapped_address + choices.below(spread);
    if (chance < 10) return lamina::user_end - choices.below(2) * 8;
    Structures& given = structures();
    switch (meaning) {
        case Meaning::page_address: return random_page(choices);
        case Meaning::area:
            if (chance < 30) return 0;
            return address_of(&given.area) + (chance < 45 ? 8 : 0);
        case Meaning::entries:
            if (chance < 20) return address_of(&given.reversed_range);
            return address_of(chance < 32 ? &given.kernel_address : &given.no_entries);
        case Meaning::context: return address_of(chance < 40 ? &given.kernel_rip : &given.resumed);
        case Meaning::list:
            for (std::uint64_t& range : given.ranges)
                range = random_page(choices) + choices.below(3);
            return address_of(given.ranges) + (chance < 20 ? 4 : 0);
        case Meaning::data: return quiet_page + choices.below(spread);
        case Meaning::output_page: return chance < 20 ? stage_address : output_page;
        case Meaning::output:
            return (chance < 14 ? stage_address : output_page) + choices.below(spread);
        default: return (chance < 16 ? structure_page : stage_address) + choices.below(spread);
    }
}

}  // namespace random_calls
