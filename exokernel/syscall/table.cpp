// exokernel/syscall/table.cpp - the dispatch table: decodes registers into typed arguments.
#include <tuple>
#include <type_traits>
#include <utility>

#include "exokernel/memory/user_memory.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo {

// Here, so that the measured cost of a crossing has no second call in it.
Result<std::uint64_t> calls::null() { return 0; }

namespace {

/// A register as an argument of type T. Bits that T has no meaning for are a problem, unless an
/// earlier argument has one already.
template <typename T>
T decode(std::uint64_t reg, Status& problem) {
    bool good = true;
    Status refusal = Status::bad_argument;
    if constexpr (std::is_same_v<T, lamina::Handle>) {
        good = reg >> 32 == 0;
        refusal = Status::bad_handle;
    } else if constexpr (std::is_same_v<T, lamina::Rights>) {
        good = (reg & ~std::uint64_t(lamina::Rights::all)) == 0;
    } else if constexpr (std::is_same_v<T, lamina::Protection>) {
        good = reg != 0 && reg <= 7;
    }
    if (!good && problem == Status::ok) problem = refusal;
    return T(reg);
}

CallResult finish(const Result<std::uint64_t>& result) {
    if (result) return {std::uint64_t(Status::ok), *result};
    const bool tells_address = result.error() == Status::not_mapped;
    return {std::uint64_t(result.error()), tells_address ? caller().failed_address : 0};
}

/// Wraps a handler in the register convention.
template <auto handler, bool locked>
struct Entry;

template <bool locked, typename... Args, Result<std::uint64_t> (*handler)(Args...)>
struct Entry<handler, locked> {
    template <std::size_t index>
    using Arg = std::tuple_element_t<index, std::tuple<Args...>>;

    static CallResult call(std::uint64_t a0, std::uint64_t a1, std::uint64_t a2, std::uint64_t a3,
                           std::uint64_t a4, std::uint64_t a5) {
        const std::uint64_t regs[] = {a0, a1, a2, a3, a4, a5};
        if constexpr (!locked) {
            return finish(handler());
        } else {
            lock_kernel();
            const CallResult result = finish(unpack(regs, std::index_sequence_for<Args...>{}));
            // A call that does not return at once keeps the lock until its result is in the
            // context: whoever ends its wait replaces that.
            if (this_cpu().must_dispatch == 0) unlock_kernel();
            return result;
        }
    }

private:
    template <std::size_t... index>
    static Result<std::uint64_t> unpack(const std::uint64_t* regs, std::index_sequence<index...>) {
        Status problem = Status::ok;
        // Braces: decoded from the first argument on.
        [[maybe_unused]] const std::tuple<Args...> decoded{decode<Args>(regs[index], problem)...};
        if (problem != Status::ok) [[unlikely]]
            return lamina::fail(problem);
        return handler(std::get<index>(decoded)...);
    }
};

}  // namespace

extern "C" constexpr std::array<CallEntry, lamina::call_count> exo_call_table = {
#define LAMINA_SYSCALL(number, name, arguments, value, rights, errors, does, why) \
    Entry<calls::name, lamina::Call::name != lamina::Call::null>::call,
#include "lamina/syscalls.def"
#undef LAMINA_SYSCALL
};

Result<void> copy_to_caller(std::uint64_t address, const void* from, std::uint64_t bytes) {
    Env& env = caller();
    LAMINA_TRY(const UserRange range,
               UserRange::check(env.space, address, bytes, true, env.failed_address));
    range.copy_out(from);
    return {};
}

}  // namespace exo
