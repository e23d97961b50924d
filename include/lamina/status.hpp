// include/lamina/status.hpp - Status: the one enum of outcomes shared by kernel, libOS, apps and
// tools.
#pragma once

#include <cstdint>

namespace lamina {

/// The outcome of a call. `ok` is 0; everything else says why nothing was changed.
enum class [[nodiscard]] Status : std::uint32_t {
#define LAMINA_STATUS(name, number, cause) name = (number),
#include "lamina/status.def"
#undef LAMINA_STATUS
};

/// The name of a status as written in status.def; "unknown" for a number that is none.
constexpr const char* status_name(Status status) {
    switch (status) {
#define LAMINA_STATUS(name, number, cause) \
    case Status::name: return #name;
#include "lamina/status.def"
#undef LAMINA_STATUS
    }
    return "unknown";
}

/// The one-line cause of a status, for messages to people.
constexpr const char* status_cause(Status status) {
    switch (status) {
#define LAMINA_STATUS(name, number, cause) \
    case Status::name: return cause;
#include "lamina/status.def"
#undef LAMINA_STATUS
    }
    return "a status this build does not know";
}

}  // namespace lamina
