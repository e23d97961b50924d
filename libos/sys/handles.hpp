// libos/sys/handles.hpp - the fixed capabilities by name, and a handle that drops itself.
#pragma once

#include <utility>

#include "lamina/rights.hpp"
#include "libos/sys/calls.hpp"

namespace libos {

/// Handles of the fixed slots (lamina/rights.hpp). Those the creator did not fill are refused with
/// bad_handle.
namespace fixed {
inline constexpr auto self = lamina::make_handle(lamina::slots::self, 0);
inline constexpr auto account = lamina::make_handle(lamina::slots::account, 0);
inline constexpr auto console = lamina::make_handle(lamina::slots::console, 0);
inline constexpr auto archive = lamina::make_handle(lamina::slots::archive, 0);
inline constexpr auto machine = lamina::make_handle(lamina::slots::machine, 0);
inline constexpr auto info = lamina::make_handle(lamina::slots::info, 0);
inline constexpr auto frame_states = lamina::make_handle(lamina::slots::frame_states, 0);
}  // namespace fixed

/// Owns a capability: dropped when this goes.
class OwnedHandle {
public:
    OwnedHandle() = default;
    explicit OwnedHandle(lamina::Handle handle) : handle_(handle) {}
    OwnedHandle(OwnedHandle&& other) noexcept : handle_(other.release()) {}
    OwnedHandle& operator=(OwnedHandle&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~OwnedHandle() {
        if (handle_ != lamina::Handle::null) (void)sys::cap_drop(handle_);
    }

    lamina::Handle get() const { return handle_; }
    lamina::Handle release() { return std::exchange(handle_, lamina::Handle::null); }

private:
    lamina::Handle handle_ = lamina::Handle::null;
};

/// Takes ownership of the handle a call returned, or passes its failure on.
inline lamina::Result<OwnedHandle> own(lamina::Result<lamina::Handle> result) {
    if (!result) return lamina::fail(result.error());
    return OwnedHandle(*result);
}

}  // namespace libos
