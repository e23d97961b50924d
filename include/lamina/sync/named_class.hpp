// include/lamina/sync/named_class.hpp - NamedClass: a lock class in one expression.
#pragma once

#include <algorithm>
#include <cstddef>

#include "lamina/sync/rank.hpp"

namespace lamina::sync {

/// Text as an argument of a template.
template <std::size_t size>
struct ClassName {
    char text[size];
    // Not explicit: NamedClass takes a plain literal.
    consteval ClassName(const char (&literal)[size]) { std::copy_n(literal, size, text); }
};

/// A lock class in one expression: `NamedClass<"journal", 2>`. All that are written alike, anywhere
/// in the program, are the same class.
template <ClassName class_name, Level level>
struct NamedClass {
    static constexpr Level rank = level;
    static constexpr const char* name = class_name.text;
};

}  // namespace lamina::sync
