// tests/unit/exokernel/driver/acpi/acpi_damage_test.cpp - read_acpi on tables that are damaged.
#include <cstring>

#include "doctest/doctest.h"
#include "exokernel/driver/acpi/acpi.hpp"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/driver/acpi/tables.hpp"

using lamina::Status;

TEST_CASE_FIXTURE(AcpiMachine, "a root pointer with a bad checksum is none") {
    finish();
    *memory.at(root + 10) ^= std::byte{1};
    CHECK(exo::read_acpi({root}).error() == Status::not_present);
    CHECK(exo::read_acpi({0}).error() == Status::not_present);
}

TEST_CASE_FIXTURE(AcpiMachine, "a root pointer with another signature is none") {
    finish();
    // The sum stays what it was.
    *memory.at(root) = std::byte{'S'};
    *memory.at(root + 1) = std::byte{'R'};
    CHECK(exo::read_acpi({root}).error() == Status::not_present);
}

TEST_CASE_FIXTURE(AcpiMachine, "a root pointer out of reach is not looked at") {
    CHECK(exo::read_acpi({4ULL << 30}).error() == Status::not_present);
    CHECK(exo::read_acpi({~0ULL}).error() == Status::not_present);
}

TEST_CASE_FIXTURE(AcpiMachine, "a list with a bad checksum means no tables") {
    add(madt(0xfee1'0000));
    finish();
    *memory.at(list + 10) ^= std::byte{1};
    CHECK(exo::read_acpi({root}).error() == Status::not_present);
}

TEST_CASE_FIXTURE(AcpiMachine, "a table with a bad checksum is left out, the others are read") {
    const std::uint32_t bad = add(madt(0xfee1'0000));
    Table table("FACP", 244);
    add(table.put(64, std::uint32_t{0x604}));
    finish();
    *memory.at(bad + 37) ^= std::byte{1};
    CHECK(read().local_apic.value == 0xfee0'0000);
    CHECK(read().pm1a_control == 0x604);
}

TEST_CASE_FIXTURE(AcpiMachine, "a table shorter than its header is left out") {
    const std::uint32_t bad = add(madt(0xfee1'0000));
    finish();
    memory.object<std::uint32_t>(bad + 4) = header_bytes - 1;
    CHECK(read().local_apic.value == 0xfee0'0000);
}

TEST_CASE_FIXTURE(AcpiMachine, "a table longer than any is left out") {
    const std::uint32_t bad = add(madt(0xfee1'0000));
    finish();
    memory.object<std::uint32_t>(bad + 4) = (1U << 20) + 1;
    CHECK(read().local_apic.value == 0xfee0'0000);
    memory.object<std::uint32_t>(bad + 4) = ~0U;
    CHECK(read().local_apic.value == 0xfee0'0000);
}

TEST_CASE_FIXTURE(AcpiMachine, "an address in the list that is null or out of reach is passed by") {
    listed = {0, 0xffff'f000, 1ULL << 32, ~0ULL};
    add(madt(0xfee1'0000));
    for (const std::uint8_t revision : {0, 2}) {
        finish(revision);
        CHECK(read().local_apic.value == 0xfee1'0000);
    }
}

TEST_CASE_FIXTURE(AcpiMachine, "an MADT without room for its address leaves the standard one") {
    add(Table("APIC", header_bytes));
    finish();
    CHECK(read().local_apic.value == 0xfee0'0000);
}

TEST_CASE_FIXTURE(AcpiMachine, "an entry of length 0 or 1 ends the MADT instead of the boot") {
    for (const std::uint8_t length : {0, 1}) {
        listed.clear();
        Table table = madt(0xfee0'0000);
        add_cpu(table, 1, 1);
        table.add_bytes({9, length});
        add_cpu(table, 2, 1);
        add(table);
        finish();
        CHECK(read().cpu_count == 1);
    }
}

TEST_CASE_FIXTURE(AcpiMachine, "an entry that reaches over the MADT's end is left out") {
    Table table = madt(0xfee0'0000);
    add_cpu(table, 1, 1);
    table.add_bytes({0, 8, 0, 2, 1});
    add(table);
    finish();
    CHECK(read().cpu_count == 1);
}

TEST_CASE_FIXTURE(AcpiMachine, "an entry too short for its type gives zeros, not its neighbours") {
    Table table = madt(0xfee0'0000);
    table.add_bytes({2, 4, 0, 4});  // an override without target
    add_cpu(table, 9, 1);
    add(table);
    finish();
    CHECK(read().line_interrupt[4] == 0);
    CHECK(read().cpu_count == 1);
}

TEST_CASE_FIXTURE(AcpiMachine, "a FADT too short for a field has none") {
    add(Table("FACP", 66).put(64, std::uint16_t{0x604}));
    finish();
    CHECK(read().pm1a_control == 0);
    CHECK(read().reset_port == 0);
}

TEST_CASE_FIXTURE(AcpiMachine, "a DSDT that ends in the middle of S5 gives no wrong memory") {
    Table table("DSDT", header_bytes);
    table.add_bytes({'_', 'S', '5', '_', 0x12, 0xc4});
    place(0x10000, table.seal());
    add(Table("FACP", 244).put(40, std::uint32_t{0x10000}));
    finish();
    CHECK(read().sleep_off_a == 0);
}

TEST_CASE_FIXTURE(AcpiMachine, "whatever is damaged, the reader comes to an end and keeps bounds") {
    constexpr std::uint64_t at = 0x10000;
    unsigned read_whole = 0;
    for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
        CAPTURE(seed);
        Table table = madt(0xfee0'0000);
        for (unsigned i = 0; i < 6; ++i)
            add_cpu(table, std::uint8_t(i), 1);
        add_io_apic(table, 0xfec0'0000, 0);
        add_override(table, 4, 4, 0);
        std::vector<std::uint8_t> bytes = table.seal();
        mutation::Random random(seed);
        const mutation::Shape shape{44, 44, 8, 6};
        bytes.resize(mutation::damage(random, std::as_writable_bytes(std::span(bytes)), shape));
        bytes.resize(std::max<std::size_t>(bytes.size(), header_bytes));
        place(at, bytes);
        if (random.below(4) != 0) {  // then the sum is right, so that the contents count
            memory.object<std::uint32_t>(at + 4) = std::uint32_t(bytes.size());
            std::uint8_t sum = 0;
            for (std::size_t i = 0; i < bytes.size(); ++i)
                sum = std::uint8_t(sum + std::uint8_t(*memory.at(at + i)));
            *memory.at(at + 9) = std::byte(std::uint8_t(*memory.at(at + 9)) - sum);
        }
        listed = {at};
        finish();
        const exo::AcpiTables tables = read();
        REQUIRE(tables.cpu_count <= exo::AcpiTables::cpus_max);
        read_whole += tables.cpu_count == 6;
    }
    CHECK(read_whole > 100);
    CHECK(read_whole < 4900);
}
