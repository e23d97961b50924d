// libos/sys/calls.hpp - system-call stubs, derived from lamina/syscalls.def.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "lamina/report.hpp"
#include "lamina/result.hpp"
#include "lamina/rights.hpp"
#include "lamina/slice.hpp"
#include "lamina/syscalls.hpp"

namespace libos::sys {

/// What a call leaves in rax and rdx, uninterpreted.
struct Reply {
    lamina::Status status;
    std::uint64_t value;  ///< On not_mapped: the address that failed.
};

/// Enters the kernel with any number and up to six words: `rax` holds tag and number. A
/// register without a word is left as it is, which takes no instruction.
template <typename... Words>
    requires(sizeof...(Words) <= 6)
Reply enter(std::uint64_t rax, Words... words) {
    constexpr std::size_t count = sizeof...(Words);
    const std::uint64_t given[count + 1] = {std::uint64_t(words)...};
    std::uint64_t a0;
    std::uint64_t a1;
    std::uint64_t a2;
    register std::uint64_t r10 asm("r10");
    register std::uint64_t r8 asm("r8");
    register std::uint64_t r9 asm("r9");
    if constexpr (count > 0)
        a0 = given[0];
    else
        asm volatile("" : "=D"(a0));
    if constexpr (count > 1)
        a1 = given[1];
    else
        asm volatile("" : "=S"(a1));
    if constexpr (count > 2)
        a2 = given[2];
    else
        asm volatile("" : "=d"(a2));
    if constexpr (count > 3)
        r10 = given[3];
    else
        asm volatile("" : "=r"(r10));
    if constexpr (count > 4)
        r8 = given[4];
    else
        asm volatile("" : "=r"(r8));
    if constexpr (count > 5)
        r9 = given[5];
    else
        asm volatile("" : "=r"(r9));
    asm volatile("syscall"
                 : "+a"(rax), "+d"(a2), "+D"(a0), "+S"(a1), "+r"(r10), "+r"(r8), "+r"(r9)
                 :
                 : "rcx", "r11", "memory");
    return {lamina::Status(rax), a2};
}

/// The words that a call through a gate takes along, in rdx, rbx and r12 to r15, and those of
/// its reply.
using GateWords = std::array<std::uint64_t, 6>;

struct GateReply {
    lamina::Status status;
    GateWords words;  ///< Of no meaning if the call failed.
};

/// The tagged number of a call, for rax.
constexpr std::uint64_t tagged(lamina::Call number, std::uint32_t tag = lamina::call_tag) {
    return std::uint64_t{tag} << 32 | std::uint32_t(number);
}

/// Enters the kernel by gate_call, whose reply changes registers that other calls keep.
inline GateReply enter_gate(std::uint64_t gate, std::uint64_t deadline_ns, const GateWords& words) {
    std::uint64_t rax = tagged(lamina::Call::gate_call);
    std::uint64_t w0 = words[0];
    std::uint64_t w1 = words[1];
    register std::uint64_t w2 asm("r12") = words[2];
    register std::uint64_t w3 asm("r13") = words[3];
    register std::uint64_t w4 asm("r14") = words[4];
    register std::uint64_t w5 asm("r15") = words[5];
    asm volatile("syscall"
                 : "+a"(rax), "+D"(gate), "+S"(deadline_ns), "+d"(w0), "+b"(w1), "+r"(w2), "+r"(w3),
                   "+r"(w4), "+r"(w5)
                 :
                 : "rcx", "r8", "r9", "r10", "r11", "memory");
    return {lamina::Status(rax), {w0, w1, w2, w3, w4, w5}};
}

/// The argument kinds of syscalls.def as types.
namespace kind {

using handle = lamina::Handle;
using handle_or_null = lamina::Handle;
using word = std::uint64_t;
using rights = lamina::Rights;
using protection = lamina::Protection;
using out_cap_info = lamina::CapInfo*;
using out_env_report = lamina::EnvReport*;
using out_slice_info = lamina::SliceInfo*;
using out_page_table = std::uint64_t*;  // 512 entries

/// An address of this or another environment, from a number or a pointer.
struct user_address {
    std::uint64_t value;
    user_address(std::uint64_t number) : value(number) {}
    user_address(const void* pointer) : value(reinterpret_cast<std::uint64_t>(pointer)) {}
};

}  // namespace kind

namespace detail {

inline std::uint64_t to_word(std::uint64_t value) { return value; }
inline std::uint64_t to_word(kind::user_address address) { return address.value; }
inline std::uint64_t to_word(const void* pointer) {
    return reinterpret_cast<std::uint64_t>(pointer);
}
template <typename T>
    requires std::is_enum_v<T>
std::uint64_t to_word(T value) {
    return std::uint64_t(value);
}

/// The type of a call's value, from its description: "0...", "handle of ...", or a number.
enum class Value { none, handle, number };

consteval Value value_of(std::string_view description) {
    if (description.starts_with("0")) return Value::none;
    return description.starts_with("handle") ? Value::handle : Value::number;
}

template <Value value>
using ValueType =
    std::conditional_t<value == Value::none, void,
                       std::conditional_t<value == Value::handle, lamina::Handle, std::uint64_t>>;

template <lamina::Call number, Value value, typename Signature>
struct Stub;

template <lamina::Call number, Value value, typename... Arguments>
struct Stub<number, value, void(Arguments...)> {
    lamina::Result<ValueType<value>> operator()(Arguments... arguments) const {
        static_assert(number != lamina::Call::gate_call,
                      "its reply changes rbx and r12 to r15: use enter_gate()");
        const Reply reply = enter(tagged(number), to_word(arguments)...);
        if (reply.status != lamina::Status::ok) [[unlikely]]
            return lamina::fail(reply.status);
        if constexpr (value == Value::none)
            return {};
        else
            return ValueType<value>(reply.value);
    }
};

}  // namespace detail

using namespace kind;

// One function object per call, named as in the table, returning Result<void>, Result<Handle> or
// Result<std::uint64_t>: `sys::frames_alloc(account, 4)`.
#define LAMINA_ARGS(...) __VA_ARGS__
#define LAMINA_SYSCALL(number, name, arguments, value, rights, errors)                          \
    inline constexpr detail::Stub<lamina::Call::name, detail::value_of(value), void(arguments)> \
        name{};
#include "lamina/syscalls.def"
#undef LAMINA_SYSCALL
#undef LAMINA_ARGS

}  // namespace libos::sys
