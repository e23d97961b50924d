// include/lamina/sync/annotations.hpp - clang's thread-safety attributes; nothing with other
// compilers.
#pragma once

/// With -Wthread-safety clang follows within each function which locks it holds, and warns of a
/// lock that is taken twice, not given back on a path, or given back unheld, where no guard sees to
/// it. What the guards and the validator know (order, data, other functions) it does not.
#if defined(__has_cpp_attribute) && __has_cpp_attribute(clang::acquire_capability)
#define LAMINA_LOCKABLE [[clang::capability("lock")]]
#define LAMINA_ACQUIRES [[clang::acquire_capability()]]
#define LAMINA_ACQUIRES_SHARED [[clang::acquire_shared_capability()]]
#define LAMINA_TRIES [[clang::try_acquire_capability(true)]]
#define LAMINA_TRIES_SHARED [[clang::try_acquire_shared_capability(true)]]
#define LAMINA_RELEASES [[clang::release_capability()]]
#define LAMINA_RELEASES_SHARED [[clang::release_shared_capability()]]
#define LAMINA_NOT_ANALYSED [[clang::no_thread_safety_analysis]]
#else
#define LAMINA_LOCKABLE
#define LAMINA_ACQUIRES
#define LAMINA_ACQUIRES_SHARED
#define LAMINA_TRIES
#define LAMINA_TRIES_SHARED
#define LAMINA_RELEASES
#define LAMINA_RELEASES_SHARED
#define LAMINA_NOT_ANALYSED
#endif
