// include/lamina/crc32.hpp - CRC-32 as in IEEE 802.3 and zlib, computed byte by byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lamina {

/// The CRC-32 (reflected polynomial 0xedb88320, start and final xor all ones) of `bytes`.
/// Cost: about five instructions a byte.
constexpr std::uint32_t crc32(std::span<const std::byte> bytes) {
    constexpr auto table = [] {
        std::array<std::uint32_t, 256> made{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            made[i] = i;
            for (int bit = 0; bit < 8; ++bit)
                made[i] = (made[i] >> 1) ^ ((made[i] & 1) != 0 ? 0xedb8'8320U : 0U);
        }
        return made;
    }();
    std::uint32_t crc = ~0U;
    for (const std::byte byte : bytes)
        crc = (crc >> 8) ^ table[(crc ^ std::uint32_t(byte)) & 0xff];
    return ~crc;
}

}  // namespace lamina
