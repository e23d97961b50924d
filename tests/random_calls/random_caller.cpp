// tests/random_calls/random_caller.cpp - an app that makes random system calls, as many as it is
// told, and counts what came of them.
#include <cstdint>
#include <new>
#include <span>
#include <string_view>

#include "libos/rt/app.hpp"
#include "libos/text/text.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/random_calls/scenes.hpp"

namespace {

using random_calls::Caller;

/// A state and how many steps apart it is set up; `rich` ones by the caller on CPU 0 only.
struct Scene {
    void (*play)(Caller&);
    std::uint64_t every;
    std::uint64_t at;
    bool rich;
};

constexpr Scene scenes[] = {
    {random_calls::start_anew, 50'000, 0, false},
    {random_calls::fill_own_table, 200'000, 5'000, false},
    {random_calls::revoke_much, 2'000, 1'000, false},
    {random_calls::pass_gates, 500, 300, false},
    {random_calls::wait_together, 500, 100, false},
    {random_calls::watch_what_goes, 2'000, 120, false},
    {random_calls::visit_the_ended, 1'000, 300, false},
    {random_calls::press_the_poor, 4'000, 600, false},
    {random_calls::press_the_hoarder, 25'000, 700, false},
    {random_calls::nest_accounts, 25'000, 800, false},
    {random_calls::ask_back, 2'000, 450, false},
    {random_calls::use_slices, 2'000, 650, false},
    {random_calls::read_tables, 2'000, 550, false},
    {random_calls::cut_runs, 2'000, 150, false},
    {random_calls::map_lists, 2'000, 250, false},
    {random_calls::call_the_server, 4'000, 1'700, false},
    {random_calls::ask_who_waits, 4'000, 2'700, false},
    {random_calls::collect_together, 4'000, 3'700, false},
    {random_calls::be_refused, 1'000, 400, false},
    {random_calls::map_large_page, 4'000, 350, false},
    {random_calls::crowd, 40'000, 15'000, true},
    {random_calls::break_up_memory, 40'000, 17'000, true},
};

lamina::Result<random_calls::Tally*> map_tally() {
    constexpr auto run = lamina::make_handle(random_calls::tally_slot, 0);
    LAMINA_TRY(auto mapping,
               libos::Mapping::create(run, 0, random_calls::tally_pages,
                                      lamina::Protection::read | lamina::Protection::write));
    LAMINA_CHECK(libos::sys::cap_drop(run));
    return reinterpret_cast<random_calls::Tally*>(mapping.release().data());
}

}  // namespace

// Arguments: seed, calls, CPU, number of CPUs.
int lamina_main(std::span<const std::string_view> arguments) {
    if (arguments.size() != 5) return 1;
    std::uint64_t numbers[4];
    for (int i = 0; i < 4; ++i)
        numbers[i] = libos::parse_number(arguments[std::size_t(i) + 1]).value_or(0);
    const auto tally = map_tally();
    if (!tally) return 2;
    const random_calls::Part part = {numbers[0], numbers[1], std::uint32_t(numbers[2]),
                                     std::uint32_t(numbers[3])};
    alignas(Caller) static constinit std::byte place[sizeof(Caller)] = {};
    Caller& caller = *new (place) Caller(part, **tally);
    if (!caller.set_up()) return 3;
    for (std::uint64_t step = 0; !caller.done(); ++step) {
        for (const Scene& scene : scenes)
            if (step % scene.every == scene.at && (!scene.rich || part.cpu == 0))
                scene.play(caller);
        caller.step();
    }
    caller.sweep();
    return 0;
}
