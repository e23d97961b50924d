// tests/calls/argument_source.hpp - ArgumentSource: what hostile programs pass to system calls.
//
// Made from the declared kinds and names: what is likely to be taken, what is not, and what lies at
// the edges. The simulator and the random calls in the image instantiate the same code.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>

#include "lamina/rights.hpp"
#include "lamina/slice.hpp"
#include "lamina/syscalls.hpp"
#include "tests/calls/call_table.hpp"
#include "tests/mutation/mutation.hpp"

namespace calls {

/// Argument words of one call.
using Words = std::array<std::uint64_t, arguments_max>;

/// What the word in an argument stands for.
enum class Meaning : std::uint8_t {
    env,
    vcpu,
    frames,
    notification,
    account,
    console,
    machine,
    gate,
    slice,
    any_object,
    rights,
    protection,
    count,
    first,
    limit_frames,
    name_bytes,
    cpu,
    slot,
    deadline,
    level,   ///< Of page tables.
    env_id,  ///< Of an environment, whosever it is.
    none,    ///< 0.
    slice_length,
    slices,  ///< How many somebody may have.
    time,    ///< For which somebody may run.
    bytes,
    number,
    page_address,  ///< Of pages in an address space.
    area,
    entries,
    context,
    predicate,
    data,
    list,           ///< Of ranges of pages.
    output,         ///< The kernel writes a structure there.
    output_page,    ///< The kernel writes a page there.
    other_address,  ///< Of a byte.
};

namespace detail {

struct NamedMeaning {
    std::string_view name;
    Meaning meaning;
};

inline constexpr NamedMeaning objects[] = {
    {"env", Meaning::env},         {"vcpu", Meaning::vcpu},
    {"frames", Meaning::frames},   {"next", Meaning::frames},
    {"account", Meaning::account}, {"notification", Meaning::notification},
    {"console", Meaning::console}, {"machine", Meaning::machine},
    {"gate", Meaning::gate},       {"slice", Meaning::slice},
};

inline constexpr NamedMeaning words[] = {
    {"count", Meaning::count},
    {"first", Meaning::first},
    {"limit_frames", Meaning::limit_frames},
    {"name_bytes", Meaning::name_bytes},
    {"cpu", Meaning::cpu},
    {"slot", Meaning::slot},
    {"deadline_ns", Meaning::deadline},
    {"bytes", Meaning::bytes},
    {"level", Meaning::level},
    {"id", Meaning::env_id},
    {"none", Meaning::none},
    {"none_too", Meaning::none},
    {"length_ns", Meaning::slice_length},
    {"time_ns", Meaning::time},
    {"slices", Meaning::slices},
};

inline constexpr NamedMeaning addresses[] = {
    {"address", Meaning::page_address},
    {"area", Meaning::area},
    {"entries", Meaning::entries},
    {"context", Meaning::context},
    {"predicate", Meaning::predicate},
    {"data", Meaning::data},
    {"list", Meaning::list},
};

constexpr Meaning named(std::span<const NamedMeaning> known, std::string_view name,
                        Meaning otherwise) {
    for (const NamedMeaning& one : known)
        if (one.name == name) return one.meaning;
    return otherwise;
}

}  // namespace detail

constexpr Meaning meaning_of(const Argument& argument) {
    if (argument.is_handle())
        return detail::named(detail::objects, argument.name, Meaning::any_object);
    if (argument.kind == "rights") return Meaning::rights;
    if (argument.kind == "protection") return Meaning::protection;
    if (argument.kind == "word")
        return detail::named(detail::words, argument.name, Meaning::number);
    if (argument.kind == "out_page_table") return Meaning::output_page;
    if (argument.kind.starts_with("out_")) return Meaning::output;
    return detail::named(detail::addresses, argument.name, Meaning::other_address);
}

/// The arguments of one call by their meaning.
struct Meanings {
    std::array<Meaning, arguments_max> list = {};
    std::size_t count = 0;
    constexpr std::span<const Meaning> view() const { return {list.data(), count}; }
};

/// Of every call, by number.
inline constexpr auto call_meanings = [] {
    std::array<Meanings, lamina::call_count> all = {};
    for (const CallRow& row : call_rows) {
        Meanings& here = all[std::size_t(row.number)];
        for (const Argument& argument : Arguments(row).view())
            here.list[here.count++] = meaning_of(argument);
    }
    return all;
}();

constexpr bool is_handle(Meaning meaning) { return meaning <= Meaning::any_object; }

/// The type of object that a handle must be for; none: any.
constexpr lamina::ObjectType type_of(Meaning meaning) {
    using lamina::ObjectType;
    switch (meaning) {
        case Meaning::env: return ObjectType::env;
        case Meaning::vcpu: return ObjectType::vcpu;
        case Meaning::frames: return ObjectType::frames;
        case Meaning::notification: return ObjectType::notification;
        case Meaning::account: return ObjectType::account;
        case Meaning::console: return ObjectType::console;
        case Meaning::machine: return ObjectType::machine;
        case Meaning::gate: return ObjectType::gate;
        case Meaning::slice: return ObjectType::slice;
        default: return ObjectType::none;
    }
}

/// Pages that a program has mapped once.
struct MappedPages {
    std::uint64_t env = 0;  ///< The handle by which they were mapped.
    std::uint64_t address = 0;
    std::uint64_t count = 0;  ///< 0: none is remembered.
};

/// How often a call is made, beside the usual; calls that are not named have 3.
constexpr unsigned weight_of(lamina::Call call) {
    using lamina::Call;
    switch (call) {
        case Call::frames_map: return 16;
        case Call::cap_derive:
        case Call::cap_copy:
        case Call::cap_drop:
        case Call::frames_alloc:
        case Call::frames_unmap:
        case Call::frames_protect: return 8;
        case Call::predicate_wait:
        case Call::vcpu_poke:
        case Call::vcpu_bind: return 6;
        case Call::gate_call:
        case Call::gate_return:
        case Call::notification_wait: return 5;
        case Call::env_end: return 2;
        case Call::null:
        case Call::vcpu_resume:
        case Call::env_create:
        case Call::machine_power:
        case Call::slice_create:
        case Call::slice_bind:
        case Call::slice_set:
        case Call::slice_info:
        case Call::vcpu_migrate:
        case Call::account_time:
        case Call::account_create: return 1;
        default: return 3;
    }
}

/// Calls for which the null handle as the environment is the caller itself.
constexpr bool takes_null_env(lamina::Call call) {
    using lamina::Call;
    return call_rows[std::size_t(call)].name.starts_with("frames_") || call == Call::cap_copy ||
           call == Call::cap_move || call == Call::table_read || call == Call::vcpu_create;
}

/// What a program knows of itself and of others.
template <typename T>
concept CallerView = requires(T view, std::uint64_t handle, Meaning meaning) {
    view.choices().percent(1U);  ///< And next(), below().
    /// A handle of it for an object of this type, for any; 0 if it has none.
    { view.handle_of(lamina::ObjectType::env) } -> std::convertible_to<std::uint64_t>;
    { view.any_handle() } -> std::convertible_to<std::uint64_t>;
    /// A handle it has had, perhaps; one of another environment.
    { view.remembered_handle() } -> std::convertible_to<std::uint64_t>;
    { view.foreign_handle() } -> std::convertible_to<std::uint64_t>;
    /// The rights in the slot of a handle.
    { view.rights_of(handle) } -> std::convertible_to<std::uint64_t>;
    /// An address for an argument of this meaning, likely a good one.
    { view.address(meaning) } -> std::convertible_to<std::uint64_t>;
    { view.mapped_pages() } -> std::convertible_to<MappedPages>;
    { view.cpu_count() } -> std::convertible_to<std::uint64_t>;
    { view.now_ns() } -> std::convertible_to<std::uint64_t>;
    /// The id of an environment, living or not.
    { view.env_id() } -> std::convertible_to<std::uint64_t>;
};

/// Makes the arguments of calls by the choices of a view.
template <CallerView View>
class ArgumentSource {
public:
    explicit ArgumentSource(View& view) : view_(&view) {}

    Words make(lamina::Call call) {
        const Meanings& meanings = call_meanings[std::size_t(call)];
        Words made = {};
        std::uint64_t held = 0;
        for (std::size_t i = 0; i < meanings.count; ++i) {
            const Meaning meaning = meanings.list[i];
            made[i] = word(meaning, held);
            if (meaning == Meaning::env && takes_null_env(call) && choices().percent(30))
                made[i] = 0;
            if (is_handle(meaning)) held = view_->rights_of(made[i]);
        }
        if (choices().percent(60)) aim_at_mapped(call, made);
        return made;
    }

private:
    auto& choices() { return view_->choices(); }

    std::uint64_t word(Meaning meaning, std::uint64_t held) {
        if (is_handle(meaning)) return handle(type_of(meaning));
        if (meaning == Meaning::rights) return rights(held);
        if (meaning == Meaning::protection) return protection();
        if (meaning >= Meaning::page_address)
            return choices().percent(4) ? extreme() : view_->address(meaning);
        return choices().percent(2) ? extreme() : number(meaning);
    }

    std::uint64_t extreme() {
        return mutation::extremes[choices().below(std::size(mutation::extremes))];
    }

    /// Mostly one that fits; else another one, or a forged, stale or foreign one.
    std::uint64_t handle(lamina::ObjectType type) {
        const std::uint64_t chance = choices().below(100);
        if (chance < 82)
            return type == lamina::ObjectType::none ? view_->any_handle() : view_->handle_of(type);
        if (chance < 88) return view_->any_handle();
        if (chance < 92) return view_->remembered_handle();
        if (chance < 95) return view_->foreign_handle();
        if (chance < 97) {
            const std::uint32_t real = std::uint32_t(view_->any_handle());
            return choices().percent(50) ? real + 0x1'0000U : real - 0x1'0000U;
        }
        if (chance < 98) return view_->any_handle() | (1ULL << (32 + choices().below(32)));
        if (chance < 99) return 0;
        return choices().next() & 0xffff'ffff;
    }

    /// Mostly some of the rights that the handle given before allows.
    std::uint64_t rights(std::uint64_t held) {
        const auto all = std::uint64_t(lamina::Rights::all);
        const std::uint64_t chance = choices().below(100);
        if (chance < 40) return held;
        if (chance < 75) return held & choices().next();
        if (chance < 85) return held & ~(1ULL << choices().below(12));
        if (chance < 95) return choices().next() & all;
        return chance < 97 ? all : choices().next();
    }

    std::uint64_t protection() {
        constexpr std::uint64_t likely[] = {1, 3, 5, 1, 3, 3, 2, 4, 7, 6, 0, 8, 0x103, 0x701, 0x11};
        return choices().percent(2) ? choices().next() : likely[choices().below(std::size(likely))];
    }

    std::uint64_t number(Meaning meaning) {
        switch (meaning) {
            case Meaning::count:
                if (choices().percent(5)) return lamina::pages_per_call_max + choices().below(2);
                if (choices().percent(60)) return 1;
                return choices().below(choices().percent(80) ? 5 : 20);
            case Meaning::first: return choices().percent(75) ? 0 : choices().below(6);
            case Meaning::limit_frames: return choices().below(12);
            case Meaning::name_bytes: return choices().percent(90) ? 1 + choices().below(24) : 25;
            case Meaning::cpu:
                return choices().below(view_->cpu_count() + (choices().percent(90) ? 0 : 2));
            case Meaning::slot:
                if (choices().percent(60)) return 0;
                return choices().below(choices().percent(90) ? 17 : 160);
            case Meaning::deadline:
                if (choices().percent(10)) return lamina::no_wait;
                if (choices().percent(5)) return lamina::wait_forever;
                return view_->now_ns() + choices().below(5'000'000);
            case Meaning::level: return choices().below(6);
            case Meaning::env_id: return view_->env_id();
            case Meaning::none: return 0;
            case Meaning::slice_length: return choices().below(lamina::slice_ns_max + 1'000'000);
            case Meaning::slices:
                return choices().percent(80) ? lamina::no_bound : choices().below(5);
            case Meaning::time:
                return choices().percent(80) ? lamina::no_bound : choices().below(50'000'000);
            case Meaning::bytes: return choices().below(700);
            default: return choices().below(choices().percent(70) ? 4 : 512);
        }
    }

    /// Calls that need mapped pages get some that the program has mapped once.
    void aim_at_mapped(lamina::Call call, Words& made) {
        if (call != lamina::Call::frames_unmap && call != lamina::Call::frames_protect) return;
        const MappedPages pages = view_->mapped_pages();
        if (pages.count == 0) return;
        made[0] = pages.env;
        made[1] = pages.address;
        made[2] = choices().percent(40) ? pages.count : 1 + choices().below(pages.count);
    }

    View* view_;
};

}  // namespace calls
