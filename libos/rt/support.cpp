// libos/rt/support.cpp - what compiled C++ code calls by name when something is wrong in it.
#include "libos/debug/assert.hpp"

extern "C" {

[[noreturn]] void abort() { libos::panic("abort"); }
[[noreturn]] void __stack_chk_fail() { libos::panic("stack smashed"); }
[[noreturn]] void __cxa_pure_virtual() { libos::panic("pure virtual call"); }

}  // extern "C"

namespace std {

// Declared in libstdc++'s <bits/functexcept.h>, called by its containers.
[[noreturn]] void __throw_length_error(const char* what) { libos::panic(what); }
[[noreturn]] void __throw_logic_error(const char* what) { libos::panic(what); }
[[noreturn]] void __throw_bad_alloc() { libos::panic("out of memory"); }
[[noreturn]] void __throw_bad_array_new_length() { libos::panic("array too long"); }
[[noreturn]] void __throw_out_of_range_fmt(const char* format, ...) { libos::panic(format); }

}  // namespace std
