// tests/guest/hostile.hpp - the deeds of an app that attacks, and what they share.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/layout.hpp"
#include "lamina/result.hpp"
#include "lamina/vcpu.hpp"
#include "libos/sys/handles.hpp"

namespace hostile {

/// A deed's status says whether the kernel refused it as it should.
inline constexpr int refused = 0;
inline constexpr int accepted = 1;

struct Deed {
    std::string_view name;
    int (*function)();
};

std::span<const Deed> area_deeds();
std::span<const Deed> upcall_deeds();
std::span<const Deed> entry_deeds();
std::span<const Deed> memory_deeds();
std::span<const Deed> race_deeds();

inline constexpr std::uint64_t kernel_image = 0xffff'ffff'8010'0000;
inline constexpr std::uint64_t direct_map = 0xffff'8000'0000'1000;
inline constexpr std::uint64_t non_canonical = 0x8000'0000'0000'0000;
inline constexpr std::uint64_t nowhere = 0x5800'0000'0000;
inline constexpr std::uint64_t page_of_mine = 0x5a00'0000'0000;
inline constexpr std::uint64_t hostile_addresses[] = {
    kernel_image,          direct_map,
    non_canonical,         0x7fff'ffff'ffff,
    0xffff'ffff'ffff'ffff, 0xffff'ffff'ff60'0000,
    lamina::user_end + 1,  0x8000'0000'0000,
};

inline constexpr auto vcpu = lamina::make_handle(lamina::slots::vcpu, 0);

inline std::uint64_t address(const void* where) { return reinterpret_cast<std::uint64_t>(where); }

template <typename T>
bool is(const lamina::Result<T>& result, lamina::Status status) {
    return !result && result.error() == status;
}

/// What an app of good will binds.
lamina::VcpuEntries good_entries();
/// Binds the libOS's area with these.
lamina::Result<void> bind(const lamina::VcpuEntries& entries);
/// Starts upcalls as an app of good will has them; `ud2` is skipped.
void start();
/// Maps a new page of this app's own at page_of_mine.
std::uint64_t map_page();

}  // namespace hostile
