// exokernel/syscall/map_calls.cpp - system calls that map, unmap and protect pages.
#include <utility>

#include "exokernel/env/revoke.hpp"
#include "exokernel/memory/user_memory.hpp"
#include "exokernel/syscall/calls.hpp"
#include "exokernel/syscall/own_calls.hpp"

namespace exo::calls {
namespace {

// Rights and Protection have the same bits for the same things.
static_assert(int(Rights::read) == int(Protection::read) &&
              int(Rights::write) == int(Protection::write) &&
              int(Rights::execute) == int(Protection::execute));
constexpr std::uint32_t use_bits = 7;

Rights rights_for(Protection wanted) {
    return Rights::read | Rights(std::uint32_t(wanted) & use_bits);
}
Protection allowed_by(Rights rights) { return Protection(std::uint32_t(rights) & use_bits); }

/// Applies `change(space, whose)` to the space of the environment a handle names; the caller's own
/// is loaded here. Other CPUs that use it are told after.
template <typename Change>
[[gnu::always_inline]] inline Result<std::uint64_t> change_space(handle env, Change change) {
    using Whose = AddressSpace::Whose;
    if (env == Handle::null) [[likely]] {
        const auto done = change(caller().space, Whose::callers);
        shoot_down_loaded(caller().space);
        return done;
    }
    LAMINA_TRY(Env* const target, managed(env));
    const auto done = change(target->space, Whose::anybodys);
    shoot_down(target->space);
    return done;
}

/// As change_space(), for a change that only adds pages: no CPU has entries that are wrong now, but
/// of tables that went.
template <typename Change>
[[gnu::always_inline]] inline Result<std::uint64_t> add_to_space(handle env, Change change) {
    Env* target = &caller();
    if (env != Handle::null) [[unlikely]] {
        LAMINA_TRY(target, managed(env));
    }
    const auto done = change(target->space);
    if (std::exchange(target->space.users.table_freed, false)) [[unlikely]]
        shoot_down(target->space);
    return done;
}

using Outcome = Result<std::uint64_t>;

/// Why a range was not changed; for not_mapped, with the first address that is not mapped.
[[gnu::cold, gnu::noinline]] Outcome refused(Status why, const AddressSpace& space,
                                             std::uint64_t address, std::uint64_t count) {
    if (why == Status::not_mapped) caller().failed_address = space.first_unmapped(address, count);
    return lamina::fail(why);
}

/// What pages are mapped through. What one environment maps into another is no more than it says:
/// the capability is not given.
struct Source {
    CapSlot* cap;
    AddressSpace::Use use;
};

[[gnu::always_inline]] inline Result<Source> source_of(const AddressSpace& space, handle run,
                                                       Protection wanted) {
    LAMINA_TRY(CapSlot* const cap,
               caller().caps.lookup(run, ObjectType::frames, rights_for(wanted)));
    if (being_revoked(*cap)) return lamina::fail(Status::busy);
    const bool own = &space == &caller().space;
    if (!own) cap->object->share();
    return Source{cap, {wanted, own ? allowed_by(cap->rights) : wanted, !own}};
}

[[gnu::always_inline]] inline Result<void> map(AddressSpace& space, const Source& source,
                                               std::uint64_t first, std::uint64_t count,
                                               std::uint64_t address) {
    if (first >= source.cap->count || count > source.cap->count - first)
        return lamina::fail(Status::bad_argument);
    return space.map(address, *source.cap, first, count, source.use);
}

/// Reads the ranges of a list in user memory, each word once, and applies `change(address, pages)`
/// until it refuses one or enough pages are done. How many ranges were; the refusal if none.
[[gnu::always_inline]] inline Result<std::uint64_t> for_each_range(const AddressSpace& space,
                                                                   user_address list, word count,
                                                                   auto change) {
    if (count - 1 >= lamina::ranges_per_call_max) return lamina::fail(Status::bad_argument);
    if (list % sizeof(std::uint64_t) != 0) return lamina::fail(Status::bad_address);
    Env& env = caller();
    std::uint64_t ranges[lamina::ranges_per_call_max];
    LAMINA_TRY(const UserRange range, UserRange::check(env.space, list, count * sizeof ranges[0],
                                                       false, env.failed_address));
    range.copy_in(ranges);
    std::uint64_t pages_left = lamina::listed_pages_max;
    for (std::uint64_t i = 0; i < count; ++i) {
        Result<void> done;
        if (ranges[i] % page_size == 0) [[likely]] {
            done = change(ranges[i], 1);
        } else {
            const std::uint64_t pages = ranges[i] % page_size + 1;
            if (pages_left < pages) return i;
            pages_left -= pages;
            done = change(ranges[i] & ~(page_size - 1), pages);
        }
        if (!done) [[unlikely]] {
            if (i != 0) return i;
            return refused(done.error(), space, ranges[0] & ~(page_size - 1),
                           ranges[0] % page_size + 1);
        }
    }
    return count;
}

}  // namespace

Result<std::uint64_t> frames_map(handle env, handle run, word first, word count,
                                 user_address address, protection wanted) {
    return add_to_space(env, [&] [[gnu::always_inline]] (AddressSpace & space) -> Outcome {
        LAMINA_TRY(const Source source, source_of(space, run, wanted));
        LAMINA_CHECK(map(space, source, first, count, address));
        return 0;
    });
}

Result<std::uint64_t> frames_unmap(handle env, user_address address, word count) {
    return change_space(
        env, [&] [[gnu::always_inline]] (AddressSpace & space, auto whose) -> Outcome {
            if (const auto done = space.unmap(address, count, whose); !done) [[unlikely]]
                return refused(done.error(), space, address, count);
            return 0;
        });
}

Result<std::uint64_t> frames_protect(handle env, user_address address, word count,
                                     protection wanted) {
    return change_space(
        env, [&] [[gnu::always_inline]] (AddressSpace & space, auto whose) -> Outcome {
            const auto done = space.protect(address, count, AddressSpace::Change(wanted), whose);
            if (!done) [[unlikely]]
                return refused(done.error(), space, address, count);
            return 0;
        });
}

Result<std::uint64_t> frames_map_list(handle env, handle run, word first, user_address list,
                                      word count, protection wanted) {
    if (!AddressSpace::is_small(wanted)) return lamina::fail(Status::bad_argument);
    return add_to_space(env, [&] [[gnu::always_inline]] (AddressSpace & space) -> Outcome {
        LAMINA_TRY(const Source source, source_of(space, run, wanted));
        const auto map_next = [&] [[gnu::always_inline]] (auto address,
                                                          auto pages) -> Result<void> {
            LAMINA_CHECK(map(space, source, first, pages, address));
            first += pages;
            return {};
        };
        return for_each_range(space, list, count, map_next);
    });
}

Result<std::uint64_t> frames_unmap_list(handle env, user_address list, word count) {
    return change_space(env, [&] [[gnu::always_inline]] (AddressSpace & space, auto whose) {
        const auto unmap = [&] [[gnu::always_inline]] (auto address, auto pages) {
            return space.unmap(address, pages, whose);
        };
        return for_each_range(space, list, count, unmap);
    });
}

Result<std::uint64_t> frames_protect_list(handle env, user_address list, word count,
                                          protection wanted) {
    const AddressSpace::Change to(wanted);
    return change_space(env, [&] [[gnu::always_inline]] (AddressSpace & space, auto whose) {
        const auto protect = [&] [[gnu::always_inline]] (auto address, auto pages) {
            return space.protect(address, pages, to, whose);
        };
        return for_each_range(space, list, count, protect);
    });
}

Result<std::uint64_t> table_read(handle_or_null env, user_address address, word level,
                                 out_page_table table) {
    LAMINA_TRY(const Env* const target, managed(env));
    if (level - 1 >= page_table_levels) return lamina::fail(Status::bad_argument);
    if (!lamina::in_user_half(address, 1)) return lamina::fail(Status::bad_address);
    const PageTablePage* const found = target->space.table(address, unsigned(level));
    if (found == nullptr) return lamina::fail(Status::no_table);
    const unsigned count = level == page_table_levels ? page_table_entries / 2 : page_table_entries;
    LAMINA_CHECK(copy_to_caller(table, found, count * sizeof(PageEntry)));
    return count;
}

}  // namespace exo::calls

namespace exo {

using calls::handle;
using lamina::Protection;

Result<std::uint64_t> own::frames_map(handle env, handle run, std::uint64_t first,
                                      std::uint64_t count, std::uint64_t address,
                                      Protection wanted) {
    Env& mine = caller();
    LAMINA_TRY(CapSlot* const cap,
               mine.caps.lookup(run, ObjectType::frames, calls::rights_for(wanted)));
    if (env != Handle::null || cap->object->marks != 0 || count != 1 || first >= cap->count ||
        !mine.space.map_page(address, *cap, first, {wanted, calls::allowed_by(cap->rights)}))
        [[unlikely]]
        return lamina::fail(Status::shared);
    return 0;
}

Result<std::uint64_t> own::frames_unmap(handle env, std::uint64_t address, std::uint64_t count) {
    AddressSpace& space = caller().space;
    if (env != Handle::null || count != 1 || !space.unmap_own_page(address)) [[unlikely]]
        return lamina::fail(Status::shared);
    shoot_down_loaded(space);
    return 0;
}

// Protection is a matter of the page tables alone, of any number of pages.
Result<std::uint64_t> own::frames_protect(handle env, std::uint64_t address, std::uint64_t count,
                                          Protection wanted) {
    AddressSpace& space = caller().space;
    if (env != Handle::null) return lamina::fail(Status::shared);
    LAMINA_CHECK(
        space.protect(address, count, AddressSpace::Change(wanted), AddressSpace::Whose::callers));
    shoot_down_loaded(space);
    return 0;
}

Result<std::uint64_t> own::frames_protect_list(handle env, std::uint64_t list, std::uint64_t count,
                                               Protection wanted) {
    if (env != Handle::null) return lamina::fail(Status::shared);
    return calls::frames_protect_list(env, list, count, wanted);
}

Result<std::uint64_t> own::table_read(handle env, std::uint64_t address, std::uint64_t level,
                                      std::uint64_t table) {
    if (env != Handle::null) return lamina::fail(Status::shared);
    return calls::table_read(env, address, level, table);
}

}  // namespace exo
