// exokernel/syscall/table.cpp - the dispatch table: decodes registers into typed arguments.
#include <type_traits>
#include <utility>

#include "arch/machine.hpp"
#include "exokernel/memory/user_memory.hpp"
#include "exokernel/syscall/calls.hpp"
#include "exokernel/syscall/own_calls.hpp"

namespace exo {

// Here, so that the measured cost of a crossing has no second call in it.
Result<std::uint64_t> calls::null() { return 0; }

namespace {

/// Why a register is no protection; ok if it is one.
LAMINA_KEEPS_REGISTERS Status refusal_of_protection(std::uint64_t reg) {
    using lamina::Protection;
    if ((reg & 7) == 0 || (reg & ~std::uint64_t(Protection::all)) != 0) return Status::bad_argument;
    constexpr auto both = std::uint64_t(Protection::write | Protection::execute);
    return (reg & both) == both ? Status::write_and_execute : Status::ok;
}

/// Why a register is no argument of type T; ok if it is one.
template <typename T>
Status refusal(std::uint64_t reg) {
    if constexpr (std::is_same_v<T, lamina::Handle>) {
        if (reg >> 32 != 0) [[unlikely]]
            return Status::bad_handle;
    } else if constexpr (std::is_same_v<T, lamina::Rights>) {
        if ((reg & ~std::uint64_t(lamina::Rights::all)) != 0) [[unlikely]]
            return Status::bad_argument;
    } else if constexpr (std::is_same_v<T, lamina::Protection>) {
        // 1 to 5: small pages, no software bits, not writable and executable at once.
        if (reg - 1 >= 5) [[unlikely]]
            return refusal_of_protection(reg);
    }
    return Status::ok;
}

CallResult finish(const Result<std::uint64_t>& result) {
    if (result) return {std::uint64_t(Status::ok), *result};
    const bool tells_address = result.error() == Status::not_mapped;
    return {std::uint64_t(result.error()), tells_address ? caller().failed_address : 0};
}

/// Decodes registers from the first argument on; the first that is refused counts.
template <typename... Args>
[[gnu::always_inline]] inline Result<std::uint64_t> decode(
    Result<std::uint64_t> (*handler)(Args...), const std::uint64_t (&regs)[6]) {
    const auto with =
        [&]<std::size_t... index>(std::index_sequence<index...>) -> Result<std::uint64_t> {
        Status problem = Status::ok;
        if (((problem = refusal<Args>(regs[index]), problem == Status::ok) && ...)) [[likely]]
            return handler(Args(regs[index])...);
        return lamina::fail(problem);
    };
    return with(std::index_sequence_for<Args...>{});
}

/// The form of a handler that needs no more than the own section of this CPU; null: there is none.
template <auto handler>
constexpr auto own_form = nullptr;
#define LAMINA_OWN_FORM(name) \
    template <>               \
    constexpr auto own_form<calls::name> = own::name
LAMINA_OWN_FORM(cap_derive);
LAMINA_OWN_FORM(cap_drop);
LAMINA_OWN_FORM(cap_inspect);
LAMINA_OWN_FORM(frames_alloc);
LAMINA_OWN_FORM(frames_map);
LAMINA_OWN_FORM(frames_unmap);
LAMINA_OWN_FORM(frames_protect);
LAMINA_OWN_FORM(frames_protect_list);
LAMINA_OWN_FORM(table_read);
#undef LAMINA_OWN_FORM

/// Wraps a handler in the register convention.
template <auto handler, bool locked>
CallResult enter(std::uint64_t a0, std::uint64_t a1, std::uint64_t a2, std::uint64_t a3,
                 std::uint64_t a4, std::uint64_t a5) {
    if constexpr (!locked) return finish(handler());
    if constexpr (!std::is_null_pointer_v<decltype(own_form<handler>)>) {
        auto& section = this_cpu().own;
        if (section.try_lock()) [[likely]] {
            const auto value = decode(own_form<handler>, {a0, a1, a2, a3, a4, a5});
            section.unlock();
            if (value) [[likely]]
                return {std::uint64_t(Status::ok), *value};
        }
    }
    lock_kernel();
    const CallResult result = finish(decode(handler, {a0, a1, a2, a3, a4, a5}));
    // A call that does not return at once keeps the lock until its result is in the context:
    // whoever ends its wait replaces that.
    if (!arch::must_dispatch()) unlock_kernel();
    return result;
}

}  // namespace

/// The calls that switch to another vCPU begin in entry.S.
template <lamina::Call number, auto handler>
constexpr CallEntry entry_of() {
    using lamina::Call;
    if constexpr (number == Call::gate_call)
        return exo_gate_call_entry;
    else if constexpr (number == Call::gate_return)
        return exo_gate_return_entry;
    else if constexpr (number == Call::vcpu_yield_to)
        return exo_yield_to_entry;
    else
        return enter < handler, number != Call::null > ;
}

extern "C" constexpr std::array<CallEntry, lamina::call_count> exo_call_table = {
#define LAMINA_SYSCALL(number, name, arguments, value, rights, errors) \
    entry_of<lamina::Call::name, calls::name>(),
#include "lamina/syscalls.def"
#undef LAMINA_SYSCALL
};

Result<Notification*> signalled(lamina::Handle notification, std::uint64_t bits) {
    LAMINA_TRY(const Capability* cap,
               caller().caps.lookup(notification, ObjectType::notification, Rights::signal));
    if (cap->badge() != 0 && (bits & ~cap->badge()) != 0)
        return lamina::fail(Status::missing_right);
    return static_cast<Notification*>(cap->object);
}

Result<void> copy_to_caller(std::uint64_t address, const void* from, std::uint64_t bytes) {
    Env& env = caller();
    LAMINA_TRY(const UserRange range,
               UserRange::check(env.space, address, bytes, true, env.failed_address));
    range.copy_out(from);
    return {};
}

}  // namespace exo
