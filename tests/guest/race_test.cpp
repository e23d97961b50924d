// tests/guest/race_test.cpp - another CPU changes an environment's vCPU area, arguments and
// mappings while the kernel uses them. The kernel lives, the environment ends or gets its error, a
// neighbour computes right, and every frame comes back. Needs two CPUs or more.
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/test/unity.hpp"
#include "tests/guest/race_stage.hpp"
#include "tests/guest/support.hpp"
#include "tests/mutation/mutation.hpp"

namespace {

using lamina::EndCause;
using lamina::Protection;
using mutation::Random;
using races::Pages;
using races::Player;
namespace sys = libos::sys;

constexpr auto read_write = Protection::read | Protection::write;
constexpr std::uint64_t kernel_image = 0xffff'ffff'8010'0000;

// What an attack may find: the app it is on, and its pages.
struct Target {
    lamina::Handle env;
    const Pages& pages;
    Random& random;
};

// One step of an attack. False: the step has seen the kernel do wrong.
using Step = bool (*)(Target&);

// A word that is no use as an address of code or data, or is any number.
std::uint64_t bad_word(Random& random) {
    constexpr std::uint64_t words[] = {0,
                                       1,
                                       8,
                                       kernel_image,
                                       0xffff'8000'0000'1000,
                                       0x8000'0000'0000'0000,
                                       0x7fff'ffff'ffff,
                                       ~std::uint64_t{0}};
    const auto pick = random.below(std::size(words) + 1);
    return pick < std::size(words) ? words[pick] : random.next();
}

template <typename T>
void put(T& place, T value) {
    *const_cast<volatile T*>(&place) = value;
}

void overwrite(lamina::SavedContext& context, Random& random) {
    auto* const words = &context.rax;
    constexpr std::uint64_t trap_flag = 0x100;
    put(words[random.below(sizeof context / 8)], bad_word(random) & ~trap_flag);
}

// --- steps on the area

bool change_disabled(Target& target) {
    put(target.pages.area().disabled, target.random.below(4) == 0 ? bad_word(target.random) : 0);
    return true;
}

bool change_pending(Target& target) {
    put(target.pages.area().pending, target.random.below(2) == 0 ? bad_word(target.random) : 0);
    return true;
}

bool change_thread(Target& target) {
    put(target.pages.area().thread, bad_word(target.random));
    return true;
}

bool change_contexts(Target& target) {
    auto& area = target.pages.area();
    overwrite(target.random.below(2) == 0 ? area.enabled : area.trap, target.random);
    return true;
}

// Everything but `disabled`, which is the only word that the kernel believes.
bool change_all_but_disabled(Target& target) {
    auto& area = target.pages.area();
    auto* const words = &area.self;
    const auto word = target.random.below(sizeof area / 8);
    if (&words[word] != &area.disabled) put(words[word], bad_word(target.random));
    return true;
}

bool change_everything(Target& target) {
    auto& area = target.pages.area();
    put((&area.self)[target.random.below(sizeof area / 8)], bad_word(target.random));
    return true;
}

// --- steps on mappings

// Takes a page away and gives one back; which one of `frames` changes.
bool replace(Target& target, std::uint64_t address, std::uint64_t frame, std::uint64_t frames) {
    (void)sys::frames_unmap(target.env, address, 1);
    const auto next = frame + target.random.below(frames);
    (void)sys::frames_map(target.env, target.pages.run(), next, 1, address, read_write);
    return true;
}

bool replace_area(Target& target) {
    return replace(target, races::area_page, races::area_frame, 2);
}

bool unmap_arguments(Target& target) {
    return replace(target, races::argument_border, races::argument_frame + 1, 1);
}

bool protect_arguments(Target& target) {
    (void)sys::frames_protect(target.env, races::argument_border, 1, Protection::read);
    (void)sys::frames_protect(target.env, races::argument_border, 1, read_write);
    return true;
}

// The page's frame stays as it is while the app may not write to it.
bool stays_quiet(Target& target) {
    auto& word = target.pages.written();
    const auto before = word;
    for (int turn = 0; turn < 300; ++turn)
        if (word != before) return false;
    return true;
}

bool unmap_written(Target& target) {
    (void)sys::frames_unmap(target.env, races::argument_border, 1);
    const bool quiet = stays_quiet(target);
    (void)sys::frames_map(target.env, target.pages.run(), races::argument_frame + 1, 1,
                          races::argument_border, read_write);
    return quiet;
}

bool protect_written(Target& target) {
    const auto taken = sys::frames_protect(target.env, races::argument_border, 1, Protection::read);
    const bool quiet = !taken || stays_quiet(target);
    (void)sys::frames_protect(target.env, races::argument_border, 1, read_write);
    return quiet;
}

bool protect_upcall_code(Target& target) {
    const auto code = target.pages.control().upcall_code;
    (void)sys::frames_protect(target.env, code, 1, Protection::read);
    (void)sys::frames_protect(target.env, code, 1, Protection::read | Protection::execute);
    return true;
}

bool protect_upcall_stack(Target& target) {
    const auto stack = target.pages.control().upcall_stack;
    (void)sys::frames_protect(target.env, stack, 1, Protection::read);
    (void)sys::frames_protect(target.env, stack, 1, read_write);
    return true;
}

// --- steps on arguments in memory

// In each step: most of an attack's time is to go into these, not into its own calls.
constexpr int toggles = 300;

bool change_context(Target& target) {
    auto& context = target.pages.argument<lamina::SavedContext>();
    const auto good = context.rip;
    const auto bad = target.random.below(2) == 0 ? kernel_image : 0x8000'0000'0000'0000;
    constexpr std::uint64_t trap_flag = 0x100;
    for (int i = 0; i < toggles; ++i) {
        put(context.rip, bad);
        put(context.rflags, ~trap_flag);
        put(context.rip, good);
        put(context.rflags, std::uint64_t{0x202});
    }
    put(context.rsp, bad_word(target.random));
    return true;
}

bool change_entries(Target& target) {
    auto& entries = target.pages.argument<lamina::VcpuEntries>();
    const auto good = entries;
    for (int i = 0; i < toggles; ++i) {
        put(entries.trap, kernel_image);
        put(entries.trap, good.trap);
    }
    put(entries.foreign, std::uint64_t{0x8000'0000'0000'0000});
    put(entries.foreign, good.foreign);
    put(entries.stack, ~std::uint64_t{0});
    put(entries.stack, good.stack);
    return true;
}

bool change_name(Target& target) {
    char* const name = &target.pages.argument<char>();
    char& letter = name[target.random.below(20)];
    const auto bad = char(target.random.below(' '));
    for (int i = 0; i < toggles; ++i) {
        put(letter, bad);
        put(letter, 'x');
    }
    return true;
}

bool do_nothing(Target&) { return true; }

// --- the cases

enum class Ends {
    refused,  // It finds that every call and upcall did what it may do, and ends itself with 0.
    badly,    // By an exception, or a foreign call while disabled; or it got away with it.
    killed,   // By the test.
};

struct Race {
    std::string_view deed;
    Step step;
    Ends ends;
    std::uint64_t meetings = 8;  // That often both must have done something at the same time.
    std::uint64_t events = 60;   // And so often the app, before it is stopped.
    int lives = 1;
};

// An app that computes with what was changed may hang in its own code; one that has done nothing
// yet may only wait for its CPU.
bool is_stuck(std::uint64_t turns, std::uint64_t events) {
    return turns >= (events > 0 ? 2'000 : 200'000);
}

// No upcall and no call of these is harmed at all.
constexpr Race harmless[] = {
    {"race_exceptions", change_all_but_disabled, Ends::refused},
    {"race_foreign_calls", change_all_but_disabled, Ends::refused},
    {"race_exceptions", replace_area, Ends::refused},
    {"race_foreign_calls", replace_area, Ends::refused},
    {"race_bind_area", replace_area, Ends::refused},
};

constexpr Race on_arguments[] = {
    {"race_resume_changed", change_context, Ends::refused, 60, 3000},
    {"race_resume_unmapped", unmap_arguments, Ends::refused},
    {"race_bind_changed", change_entries, Ends::refused, 60, 3000},
    {"race_bind_unmapped", unmap_arguments, Ends::refused},
    {"race_names", change_name, Ends::refused, 10, 50},
    {"race_results", unmap_arguments, Ends::refused},
    {"race_results", protect_arguments, Ends::refused},
};

constexpr Race on_pages[] = {
    {"race_writes", unmap_written, Ends::refused, 20},
    {"race_writes", protect_written, Ends::refused, 20},
};

// The app's own code believes what is in the area, or needs what is taken away.
constexpr Race harmful[] = {
    {"race_exceptions", change_disabled, Ends::badly, 5, 40, 3},
    {"race_foreign_calls", change_disabled, Ends::badly, 5, 40, 3},
    {"race_by_libos", change_disabled, Ends::badly, 5, 40, 3},
    {"race_by_libos", change_pending, Ends::badly, 10, 20, 2},
    {"race_by_libos", change_thread, Ends::badly, 5, 40, 3},
    {"race_by_libos", change_contexts, Ends::badly, 5, 40, 3},
    {"race_by_libos", change_everything, Ends::badly, 5, 40, 3},
    {"race_by_libos", replace_area, Ends::badly, 5, 40, 3},
    {"race_by_libos", protect_upcall_code, Ends::badly, 5, 40, 3},
    {"race_by_libos", protect_upcall_stack, Ends::badly, 5, 40, 3},
};

constexpr Race killing[] = {
    {"race_until_killed", replace_area, Ends::killed, 2, 10, 3},
    {"race_by_libos", do_nothing, Ends::killed, 2, 10, 3},
};

std::uint64_t cpu_count() {
    lamina::InfoPage info;
    return libos::read_info(info) ? info.cpu_count_used : 1;
}

void complain(std::string_view deed, const lamina::EnvReport& report, std::string_view what) {
    libos::TextBuffer<200> why;
    put(why, deed, ": ", what, "; cause ", std::uint32_t(report.cause), " status ", report.status,
        " vector ", report.vector, " address ", libos::Hex{report.address}, " rip ",
        libos::Hex{report.rip});
    libos::unity::fail(__FILE__, __LINE__, why.view());
}

bool ended_well(const lamina::EnvReport& report) {
    return report.cause == EndCause::exited && report.status == 0;
}

bool ended_as_told(const Race& race, const lamina::EnvReport& report) {
    if (race.ends == Ends::refused) return ended_well(report);
    if (race.ends == Ends::killed) return report.cause == EndCause::killed;
    // A harmful step can make the app compute anything, but not its report.
    return report.env_id != 0;
}

// Attacks the app until both have done enough, or it has ended. False: a step saw something wrong.
bool attack(const Race& race, Player& app, const Pages& pages, Random& random) {
    Target target{app.env(), pages, random};
    auto& control = pages.control();
    while (control.ready == 0 && !app.ended())
        (void)sys::vcpu_yield();
    std::uint64_t meetings = 0;
    std::uint64_t seen = 0;
    for (std::uint64_t turns = 0; !app.ended(); ++turns) {
        for (int i = 0; i < 4; ++i)
            if (!race.step(target)) return false;
        const std::uint64_t events = control.events;
        meetings += events != seen ? 1 : 0;
        seen = events;
        const bool enough = meetings >= race.meetings && events >= race.events;
        if (enough && race.ends == Ends::killed) (void)sys::env_end(app.env(), 0);
        if (enough) control.stop = 1;
        if (race.ends == Ends::badly && is_stuck(turns, events)) (void)sys::env_end(app.env(), 0);
    }
    return true;
}

void try_life(const Race& race, Random& random) {
    auto pages = Pages::create();
    TEST_ASSERT_OK(pages);
    auto app = Player::start(race.deed, *pages, 1);
    TEST_ASSERT_OK(app);
    const bool right = attack(race, *app, *pages, random);
    if (!right) (void)sys::env_end(app->env(), 0);
    app->wait_end();
    if (!right) return complain(race.deed, app->report(), "a page was written that was taken");
    if (!ended_as_told(race, app->report())) complain(race.deed, app->report(), "ended otherwise");
}

// The race beside a neighbour that takes every other slice of the same CPU.
void try_race(const Race& race) {
    const auto free = guest::frames_free();
    {
        static Random random(1);
        auto pages = Pages::create();
        TEST_ASSERT_OK(pages);
        auto neighbour = Player::start("race_neighbour", *pages, 1);
        TEST_ASSERT_OK(neighbour);
        for (int life = 0; life < race.lives && !TEST_FAILED(); ++life)
            try_life(race, random);
        // It may not have had its first turn yet.
        while (pages->control().events == 0 && !neighbour->ended())
            (void)sys::vcpu_yield();
        pages->control().stop = 1;
        neighbour->wait_end();
        if (!ended_well(neighbour->report()))
            complain(race.deed, neighbour->report(), "the neighbour was harmed");
        TEST_ASSERT_TRUE(pages->control().events > 0);
    }
    TEST_ASSERT_EQUAL(free, guest::frames_free());
}

void try_races(std::span<const Race> races) {
    for (const auto& race : races) {
        try_race(race);
        if (TEST_FAILED()) return;
    }
}

void test_what_the_kernel_does_not_believe_changes_nothing() { try_races(harmless); }
void test_arguments_are_taken_as_they_are_at_one_moment() { try_races(on_arguments); }
void test_a_page_taken_away_is_not_written() { try_races(on_pages); }
void test_what_the_app_believes_harms_the_app_only() { try_races(harmful); }
void test_an_end_from_another_cpu_comes_at_any_moment() { try_races(killing); }

// Two environments on different CPUs that have bound the same page as their area.
void test_two_vcpus_with_one_area_harm_each_other_only() {
    const auto free = guest::frames_free();
    constexpr std::string_view deeds[][2] = {{"race_exceptions", "race_exceptions"},
                                             {"race_exceptions", "race_foreign_calls"},
                                             {"race_by_libos", "race_by_libos"}};
    std::uint64_t events = 0;
    for (const auto& [one, other] : deeds) {
        const auto pages = Pages::create();
        TEST_ASSERT_OK(pages);
        auto first = Player::start(one, *pages, 1);
        TEST_ASSERT_OK(first);
        auto second = Player::start(other, *pages, cpu_count() > 2 ? 2 : 0);
        TEST_ASSERT_OK(second);
        for (std::uint64_t polls = 0; !first->ended() || !second->ended(); ++polls) {
            if (pages->control().events >= 1000) pages->control().stop = 1;
            if (is_stuck(polls, pages->control().events)) {
                (void)sys::env_end(first->env(), 0);
                (void)sys::env_end(second->env(), 0);
            }
            (void)sys::vcpu_yield();
        }
        events += pages->control().events;
    }
    TEST_ASSERT_TRUE(events > 0);
    TEST_ASSERT_EQUAL(free, guest::frames_free());
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (cpu_count() < 2) return 1;
    // The first maps what this app keeps.
    (void)guest::run("hostile", {"compute"});
    RUN_TEST(test_what_the_kernel_does_not_believe_changes_nothing);
    RUN_TEST(test_arguments_are_taken_as_they_are_at_one_moment);
    RUN_TEST(test_a_page_taken_away_is_not_written);
    RUN_TEST(test_what_the_app_believes_harms_the_app_only);
    RUN_TEST(test_an_end_from_another_cpu_comes_at_any_moment);
    RUN_TEST(test_two_vcpus_with_one_area_harm_each_other_only);
    return libos::unity::end();
}
