// include/lamina/sync/annotations.hpp - clang's thread-safety attributes; nothing with other
// compilers.
#pragma once

/// With -Wthread-safety clang follows within each function which locks it holds, and warns of a
/// lock that is taken twice, not given back on a path, or given back unheld, where no guard sees to
/// it. What the guards and the validator know (order, data, other functions) it does not.
#if defined(__has_cpp_attribute) && __has_cpp_attribute(clang::acquire_capability)
#define LAMINA_CLANG_ATTRIBUTE(...) [[clang::__VA_ARGS__]]
#else
#define LAMINA_CLANG_ATTRIBUTE(...)
#endif

#define LAMINA_LOCKABLE LAMINA_CLANG_ATTRIBUTE(capability("lock"))
#define LAMINA_ACQUIRES LAMINA_CLANG_ATTRIBUTE(acquire_capability())
#define LAMINA_TRIES LAMINA_CLANG_ATTRIBUTE(try_acquire_capability(true))
#define LAMINA_RELEASES LAMINA_CLANG_ATTRIBUTE(release_capability())
#define LAMINA_NOT_ANALYSED LAMINA_CLANG_ATTRIBUTE(no_thread_safety_analysis)
