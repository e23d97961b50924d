// tests/unit/exokernel/boot/start_info_test.cpp - read_boot_info: Multiboot2 and PVH structures.
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "doctest/doctest.h"
#include "exokernel/boot/boot_info.hpp"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/machine.hpp"

using exo::ScreenMode;
using exo::boot::BootInfo;
using exo::boot::multiboot2_magic;
using exo::boot::pvh_magic;

namespace {

constexpr std::uint64_t page = exo::page_size;
constexpr std::uint64_t info_at = 0x8000;

/// Multiboot2 information being put together.
class Multiboot {
public:
    Multiboot() : bytes_(8) {}
    template <typename... Fields>
    Multiboot& tag(std::uint32_t type, Fields... fields) {
        const std::size_t start = bytes_.size();
        add(type);
        add(std::uint32_t{0});
        (add(fields), ...);
        return close(start);
    }
    Multiboot& text(std::uint32_t type, std::string_view text) {
        const std::size_t start = bytes_.size();
        add(type);
        add(std::uint32_t{0});
        for (char c : text)
            add(c);
        add('\0');
        return close(start);
    }
    /// Puts it into memory with the end tag and its size, and reads it.
    BootInfo read(HostMemory& memory) {
        tag(0);
        store(0, std::uint32_t(bytes_.size()));
        std::memcpy(memory.at(info_at), bytes_.data(), bytes_.size());
        BootInfo boot;
        REQUIRE(exo::boot::read_boot_info(multiboot2_magic, {info_at}, boot));
        return boot;
    }
    std::vector<std::byte>& raw() { return bytes_; }

private:
    template <typename T>
    void add(T value) {
        bytes_.resize(bytes_.size() + sizeof value);
        store(bytes_.size() - sizeof value, value);
    }
    template <typename T>
    void store(std::size_t offset, T value) {
        std::memcpy(bytes_.data() + offset, &value, sizeof value);
    }
    Multiboot& close(std::size_t start) {
        store(start + 4, std::uint32_t(bytes_.size() - start));
        bytes_.resize((bytes_.size() + 7) / 8 * 8);
        return *this;
    }
    std::vector<std::byte> bytes_;
};

Multiboot& add_memory_map(Multiboot& info, std::uint32_t entry_bytes = 24) {
    using u32 = std::uint32_t;
    using u64 = std::uint64_t;
    return info.tag(6, entry_bytes, u32{0}, u64{0}, u64{4 * page}, u32{1}, u32{0}, u64{4 * page},
                    u64{2 * page}, u32{2}, u32{0}, u64{100 * page}, u64{50 * page}, u32{1}, u32{0});
}

Multiboot& add_framebuffer(Multiboot& info, std::uint64_t address, std::uint8_t bits,
                           std::uint8_t type) {
    return info.tag(8, address, std::uint32_t{4096}, std::uint32_t{1024}, std::uint32_t{768}, bits,
                    type, std::uint16_t{0});
}

struct Fixture {
    HostMemory memory{64};
    Multiboot info;
};

/// hvm_start_info and what it points to, in the order of their addresses.
struct Pvh {
    struct StartInfo {
        std::uint32_t magic = pvh_magic, version = 1, flags = 0, module_count = 1;
        std::uint64_t modules = 0x3000, command_line = 0x4000, acpi_root = 0xf5000;
        std::uint64_t memory_map = 0x5000;
        std::uint32_t memory_map_count = 2, reserved = 0;
    };
    Pvh() {
        const std::uint64_t module[] = {0x20'0000, 0x5123, 0, 0};
        std::memcpy(memory.at(0x3000), module, sizeof module);
        std::memcpy(memory.at(0x4000), "quiet panic=exit", 17);
        const std::uint64_t map[] = {0, 0x9fc00, 1, 0xf0000, 0x10000, 2};
        std::memcpy(memory.at(0x5000), map, sizeof map);
    }
    BootInfo read() {
        std::memcpy(memory.at(info_at), &start, sizeof start);
        BootInfo boot;
        REQUIRE(exo::boot::read_boot_info(pvh_magic, {info_at}, boot));
        return boot;
    }
    HostMemory memory{64};
    StartInfo start;
};

}  // namespace

TEST_CASE("a boot loader of another kind is refused") {
    BootInfo boot;
    CHECK_FALSE(exo::boot::read_boot_info(0x2bad'b002, {info_at}, boot));
}

TEST_CASE_FIXTURE(Fixture, "multiboot2: usable memory is taken from the map, nothing else is") {
    BootInfo boot = add_memory_map(info).read(memory);
    REQUIRE(boot.range_count == 2);
    CHECK(boot.usable[0].start == 0);
    CHECK(boot.usable[0].end == 4 * page);
    CHECK(boot.usable[1].start == 100 * page);
    CHECK(boot.usable[1].end == 150 * page);
}

TEST_CASE_FIXTURE(Fixture, "multiboot2: the information itself is no usable memory") {
    info.tag(6, std::uint32_t{24}, std::uint32_t{0}, std::uint64_t{0}, 64 * page, std::uint32_t{1},
             std::uint32_t{0});
    BootInfo boot = info.read(memory);
    REQUIRE(boot.range_count == 2);
    CHECK(boot.usable[0].end == info_at);
    CHECK(boot.usable[1].start == info_at + page);
}

TEST_CASE_FIXTURE(Fixture, "multiboot2: the command line") {
    CHECK(info.text(1, "panic=exit console=script").read(memory).words() ==
          "panic=exit console=script");
}

TEST_CASE_FIXTURE(Fixture, "multiboot2: the first module is the archive") {
    info.tag(3, std::uint32_t{0x10'0000}, std::uint32_t{0x10'2345}, 'x', '\0');
    info.tag(3, std::uint32_t{0x20'0000}, std::uint32_t{0x20'1000}, '\0');
    const BootInfo boot = info.read(memory);
    CHECK(boot.archive.start == 0x10'0000);
    CHECK(boot.archive.end == 0x10'2345);
}

TEST_CASE_FIXTURE(Fixture, "multiboot2: the new ACPI root is preferred, in either order") {
    const std::uint64_t rsdp[2] = {};
    const std::uint64_t old_at = info_at + 8 + 8;
    CHECK(Multiboot().tag(14, rsdp[0], rsdp[1]).read(memory).acpi_root.value == old_at);
    CHECK(Multiboot().tag(14, rsdp[0], rsdp[1]).tag(15, rsdp[0]).read(memory).acpi_root.value ==
          old_at + 24);
    CHECK(Multiboot().tag(15, rsdp[0]).tag(14, rsdp[0]).read(memory).acpi_root.value == old_at);
}

TEST_CASE_FIXTURE(Fixture, "multiboot2: a framebuffer of true colour below 4 GiB is used") {
    const BootInfo boot = add_framebuffer(info, 0xfd00'0000, 32, 1).read(memory);
    CHECK(boot.screen.kind == ScreenMode::Kind::pixels);
    CHECK(boot.screen.memory.value == 0xfd00'0000);
    CHECK(boot.screen.pitch == 4096);
    CHECK(boot.screen.width == 1024);
    CHECK(boot.screen.height == 768);
    CHECK(boot.screen.bytes_per_pixel == 4);
}

TEST_CASE_FIXTURE(Fixture,
                  "multiboot2: text is used; few colours, palettes and far memory are not") {
    using Kind = ScreenMode::Kind;
    const auto kind = [&](std::uint64_t address, std::uint8_t bits, std::uint8_t type) {
        Multiboot made;
        return add_framebuffer(made, address, bits, type).read(memory).screen.kind;
    };
    CHECK(kind(0xb8000, 16, 2) == Kind::text);
    CHECK(kind(0xfd00'0000, 24, 1) == Kind::pixels);
    CHECK(kind(0xfd00'0000, 16, 1) == Kind::none);
    CHECK(kind(0xfd00'0000, 8, 0) == Kind::none);
    CHECK(kind(4ULL << 30, 32, 1) == Kind::none);
}

TEST_CASE_FIXTURE(Fixture, "multiboot2: tags after the end are not read") {
    info.tag(0).text(1, "quiet");
    CHECK(info.read(memory).words().empty());
}

TEST_CASE_FIXTURE(Fixture, "multiboot2: a tag without a length ends the reading") {
    const std::uint64_t none = 0;
    info.text(1, "quiet").tag(3, none);
    std::memset(info.raw().data() + info.raw().size() - 12, 0, 4);  // the module's length
    const BootInfo boot = info.read(memory);
    CHECK(boot.words() == "quiet");
    CHECK(boot.archive.end == 0);
}

TEST_CASE_FIXTURE(Fixture,
                  "multiboot2: a memory map with entries too small to be any is left out") {
    for (const std::uint32_t entry_bytes : {0U, 8U, 19U}) {
        Multiboot made;
        CHECK(add_memory_map(made, entry_bytes).read(memory).range_count == 0);
    }
}

TEST_CASE_FIXTURE(Fixture, "multiboot2: a memory map shorter than its own head is left out") {
    CHECK(info.tag(6).read(memory).range_count == 0);
}

TEST_CASE_FIXTURE(Fixture, "multiboot2: entries may be longer than we know") {
    info.tag(6, std::uint32_t{32}, std::uint32_t{0}, std::uint64_t{0}, 4 * page, std::uint64_t{1},
             ~0ULL, 16 * page, 4 * page, std::uint64_t{1}, ~0ULL);
    const BootInfo boot = info.read(memory);
    REQUIRE(boot.range_count == 2);
    CHECK(boot.usable[1].start == 16 * page);
}

TEST_CASE_FIXTURE(Fixture, "multiboot2: damaged information is read to an end") {
    add_memory_map(info).text(1, "quiet").tag(3, 0x10'0000'0000ULL, '\0');
    add_framebuffer(info, 0xb8000, 16, 2).tag(0);
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        CAPTURE(seed);
        std::vector<std::byte> bytes = info.raw();
        const auto total = std::uint32_t(bytes.size());
        std::memcpy(bytes.data(), &total, sizeof total);
        mutation::Random random(seed);
        (void)mutation::damage(random, std::span(bytes).subspan(8),
                               {8, 8, 8, bytes.size() / 8 - 1});
        std::memset(memory.at(0), 0, memory.size());
        std::memcpy(memory.at(info_at), bytes.data(), bytes.size());
        BootInfo boot;
        REQUIRE(exo::boot::read_boot_info(multiboot2_magic, {info_at}, boot));
        REQUIRE(boot.range_count <= BootInfo::ranges_max);
    }
}

TEST_CASE_FIXTURE(Pvh, "PVH: memory map, command line, module and ACPI root are found") {
    const BootInfo boot = read();
    REQUIRE(boot.range_count == 1);
    CHECK(boot.usable[0].end == 0x9f000);
    CHECK(boot.words() == "quiet panic=exit");
    CHECK(boot.archive.start == 0x20'0000);
    CHECK(boot.archive.end == 0x20'5123);
    CHECK(boot.acpi_root.value == 0xf5000);
}

TEST_CASE_FIXTURE(Pvh, "PVH: the screen is the text mode of a PC") {
    const BootInfo boot = read();
    CHECK(boot.screen.kind == ScreenMode::Kind::text);
    CHECK(boot.screen.memory.value == 0xb8000);
    CHECK(boot.screen.width == 80);
    CHECK(boot.screen.height == 25);
}

TEST_CASE_FIXTURE(Pvh, "PVH: no command line and no module are no error") {
    start.command_line = 0;
    start.module_count = 0;
    const BootInfo boot = read();
    CHECK(boot.words().empty());
    CHECK(boot.archive.bytes() == 0);
}
