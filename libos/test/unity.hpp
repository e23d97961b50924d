// libos/test/unity.hpp - Unity-style tests inside the image: assertions, cases, totals.
//
//   void test_adds() { TEST_ASSERT_EQUAL(4, 2 + 2); }
//
//   int lamina_main(std::span<const std::string_view>) {
//       RUN_TEST(test_adds);
//       return libos::unity::end();
//   }
//
// Every case gives one line, `file:line:name:PASS` or `file:line:name:FAIL: why`; end() writes
// `N Tests N Failures N Ignored` and `OK` or `FAIL`, and returns how many failed. The first failed
// assertion leaves the function it is in; a case that calls helpers checks TEST_FAILED() after
// them.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "lamina/result.hpp"
#include "libos/text/text.hpp"

namespace libos::unity {

/// Runs one case and writes its line.
void run(void (*test)(), const char* name, const char* file, int line);

/// Writes the totals; how many cases failed (at most 100).
int end();

/// Whether the case that runs has failed.
bool failed();

/// Fails the case that runs; only the first failure of a case counts. The text tells why.
void fail(const char* file, int line, std::string_view why);
void ignore(const char* file, int line, std::string_view why);

/// A value as text in failure messages.
template <typename T>
void show(TextSink& sink, const T& value) {
    if constexpr (std::is_same_v<T, bool>)
        put(sink, value ? "true" : "false");
    else if constexpr (std::is_same_v<T, lamina::Status>)
        put(sink, lamina::status_name(value));
    else if constexpr (std::is_enum_v<T>)
        put(sink, std::uint64_t(value));
    else if constexpr (std::is_integral_v<T>)
        put(sink, value);
    else if constexpr (std::is_pointer_v<T> && !std::is_convertible_v<T, const char*>)
        put(sink, Hex{reinterpret_cast<std::uint64_t>(value)});
    else
        put(sink, std::string_view(value));
}

template <typename Expected, typename Actual>
bool same(const Expected& expected, const Actual& actual) {
    if constexpr (std::is_integral_v<Expected> && std::is_integral_v<Actual>)
        return std::uint64_t(expected) == std::uint64_t(actual);
    else
        return expected == actual;
}

/// Whether they are equal; fails the case if not.
template <typename Expected, typename Actual>
bool check_equal(const Expected& expected, const Actual& actual, const char* file, int line) {
    if (same(expected, actual)) return true;
    TextBuffer<200> why;
    put(why, "Expected ");
    show(why, expected);
    put(why, " Was ");
    show(why, actual);
    fail(file, line, why.view());
    return false;
}

/// The status of a result: ok if it has a value.
template <typename T>
lamina::Status status_of(const lamina::Result<T>& result) {
    return result ? lamina::Status::ok : result.error();
}

}  // namespace libos::unity

#define RUN_TEST(test) ::libos::unity::run(test, #test, __FILE__, __LINE__)

#define TEST_FAIL_MESSAGE(why)                         \
    do {                                               \
        ::libos::unity::fail(__FILE__, __LINE__, why); \
        return;                                        \
    } while (false)

#define TEST_IGNORE_MESSAGE(why)                         \
    do {                                                 \
        ::libos::unity::ignore(__FILE__, __LINE__, why); \
        return;                                          \
    } while (false)

#define TEST_ASSERT_MESSAGE(condition, why)       \
    do {                                          \
        if (!(condition)) TEST_FAIL_MESSAGE(why); \
    } while (false)

#define TEST_ASSERT_TRUE(condition) TEST_ASSERT_MESSAGE(condition, "Expected TRUE: " #condition)
#define TEST_ASSERT_FALSE(condition) \
    TEST_ASSERT_MESSAGE(!(condition), "Expected FALSE: " #condition)

#define TEST_ASSERT_EQUAL(expected, actual)                                             \
    do {                                                                                \
        if (!::libos::unity::check_equal(expected, actual, __FILE__, __LINE__)) return; \
    } while (false)

/// Compares the status of a Result with the expected one.
#define TEST_ASSERT_STATUS(expected, result) \
    TEST_ASSERT_EQUAL(::lamina::Status::expected, ::libos::unity::status_of(result))

/// That a Result has a value.
#define TEST_ASSERT_OK(result) TEST_ASSERT_STATUS(ok, result)

#define TEST_FAILED() ::libos::unity::failed()
