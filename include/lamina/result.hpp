// include/lamina/result.hpp - Result<T> and the TRY macros: how fallible functions return.
#pragma once

#include <expected>
#include <utility>

#include "lamina/status.hpp"

namespace lamina {

/// A value, or the Status that says why there is none.
template <typename T>
using Result = std::expected<T, Status>;

/// Shorthand for returning a failure: `return fail(Status::bad_handle);`. Also for what is expected
/// to fail with another type than Status.
constexpr auto fail(auto error) { return std::unexpected(error); }

}  // namespace lamina

#define LAMINA_CONCAT_(a, b) a##b
#define LAMINA_CONCAT(a, b) LAMINA_CONCAT_(a, b)

/// `LAMINA_TRY(auto x, f());` binds the value of f() to x, or returns f()'s failure from here.
#define LAMINA_TRY(declaration, expression)                              \
    auto LAMINA_CONCAT(result_, __LINE__) = (expression);                \
    if (!LAMINA_CONCAT(result_, __LINE__)) [[unlikely]]                  \
        return ::lamina::fail(LAMINA_CONCAT(result_, __LINE__).error()); \
    declaration = *std::move(LAMINA_CONCAT(result_, __LINE__))

/// The same for a Result<void>, or when the value does not matter.
#define LAMINA_CHECK(expression)                                  \
    do {                                                          \
        if (auto checked_ = (expression); !checked_) [[unlikely]] \
            return ::lamina::fail(checked_.error());              \
    } while (false)
