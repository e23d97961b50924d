// tests/linux/loader_test.cpp - foreign programs and the libOS image that runs them, through the
// loader.
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "lamina/elf.hpp"
#include "lamina/report.hpp"
#include "libos/archive/boot_archive.hpp"
#include "libos/loader/loader.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/layout.hpp"

namespace {

using lamina::ElfHeader;
using lamina::ElfProgramHeader;
using lamina::Status;
using Bytes = std::span<const std::byte>;

constinit const lamina::Archive* archive = nullptr;
constinit lamina::Handle ends = lamina::Handle::null;

Bytes elf(std::string_view app) {
    const auto found = archive->find(app, lamina::ArchiveKind::app);
    return found ? *found : Bytes{};
}

lamina::Result<libos::Child> start(Bytes program, Bytes libos) {
    constexpr libos::Grant grants[] = {
        {lamina::slots::console, libos::fixed::console, lamina::Rights::write},
        {lamina::slots::info, libos::fixed::info, lamina::Rights::read},
    };
    constexpr std::string_view arguments[] = {"status"};
    libos::SpawnRequest request;
    request.name = "foreign_probe";
    request.elf = program;
    request.libos = libos;
    request.arguments = arguments;
    request.quota_frames = 2048;
    request.grants = grants;
    request.notification = ends;
    request.end_bits = 1;
    return libos::spawn(request);
}

Status refused(Bytes program, Bytes libos) {
    const auto child = start(program, libos);
    return child ? Status::ok : child.error();
}

// A copy of a program in which one header is changed.
struct Copy {
    explicit Copy(Bytes from) : size(from.size()), bytes(new std::byte[from.size()]) {
        std::memcpy(bytes.get(), from.data(), size);
    }
    Bytes view() const { return {bytes.get(), size}; }

    // Changes the first or last loadable header.
    template <typename Change>
    void change(bool last, Change change) {
        ElfHeader header;
        std::memcpy(&header, bytes.get(), sizeof header);
        std::byte* place = nullptr;
        for (std::uint32_t i = 0; i < header.program_header_count; ++i) {
            auto* const at = bytes.get() + header.program_headers + i * sizeof(ElfProgramHeader);
            ElfProgramHeader program;
            std::memcpy(&program, at, sizeof program);
            if (program.type == lamina::elf_detail::load && (last || place == nullptr)) place = at;
        }
        ElfProgramHeader program;
        std::memcpy(&program, place, sizeof program);
        change(program);
        std::memcpy(place, &program, sizeof program);
    }

    std::size_t size;
    std::unique_ptr<std::byte[]> bytes;
};

void test_a_foreign_program_runs_with_a_libos() {
    auto child = start(elf("foreign_probe"), elf(libos::layout::libos_image_name));
    TEST_ASSERT_TRUE(child.has_value());
    if (!child) return;
    TEST_ASSERT_TRUE(libos::sys::notification_wait(ends, 1, lamina::wait_forever).has_value());
    lamina::EnvReport report = {};
    TEST_ASSERT_TRUE(libos::sys::env_report(child->env.get(), &report).has_value());
    TEST_ASSERT_TRUE(report.cause == lamina::EndCause::exited);
    TEST_ASSERT_EQUAL(300U % 256, report.status);
}

void test_a_foreign_program_needs_a_libos() {
    TEST_ASSERT_TRUE(refused(elf("foreign_probe"), {}) == Status::elf_foreign);
}

void test_the_libos_lies_in_its_range() {
    TEST_ASSERT_TRUE(refused(elf("foreign_probe"), elf("hello")) == Status::elf_segment_range);
    Copy libos(elf(libos::layout::libos_image_name));
    libos.change(true, [](ElfProgramHeader& header) { header.address += 0x1000'0000; });
    TEST_ASSERT_TRUE(refused(elf("foreign_probe"), libos.view()) == Status::elf_segment_range);
}

void test_the_libos_is_not_trusted_either() {
    Copy libos(elf(libos::layout::libos_image_name));
    libos.bytes[0] = std::byte{0};
    TEST_ASSERT_TRUE(refused(elf("foreign_probe"), libos.view()) == Status::elf_magic);
}

void test_a_foreign_program_stays_out_of_the_range() {
    Copy program(elf("foreign_probe"));
    program.change(true, [](ElfProgramHeader& header) {
        header.address = lamina::libos_image_start + header.address % lamina::page_size;
    });
    TEST_ASSERT_TRUE(refused(program.view(), elf(libos::layout::libos_image_name)) ==
                     Status::elf_segment_range);
    // Above and below it may lie.
    program.change(true, [](ElfProgramHeader& header) {
        header.address = lamina::libos_image_end + header.address % lamina::page_size;
    });
    TEST_ASSERT_TRUE(refused(program.view(), {}) == Status::elf_foreign);
}

void test_a_foreign_program_has_its_headers_in_memory() {
    constexpr std::uint32_t unused = 0;
    Copy program(elf("foreign_probe"));
    program.change(false, [](ElfProgramHeader& header) { header.type = unused; });
    TEST_ASSERT_TRUE(refused(program.view(), elf(libos::layout::libos_image_name)) ==
                     Status::elf_bad_header);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    const auto opened = libos::BootArchive::open();
    const auto made = libos::sys::notification_create(libos::fixed::account);
    if (!opened || !made) return 1;
    archive = &opened->view();
    ends = *made;
    RUN_TEST(test_a_foreign_program_runs_with_a_libos);
    RUN_TEST(test_a_foreign_program_needs_a_libos);
    RUN_TEST(test_the_libos_lies_in_its_range);
    RUN_TEST(test_the_libos_is_not_trusted_either);
    RUN_TEST(test_a_foreign_program_stays_out_of_the_range);
    RUN_TEST(test_a_foreign_program_has_its_headers_in_memory);
    return libos::unity::end();
}
