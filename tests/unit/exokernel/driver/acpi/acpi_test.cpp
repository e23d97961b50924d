// tests/unit/exokernel/driver/acpi/acpi_test.cpp - what read_acpi finds in good tables.
#include "exokernel/driver/acpi/acpi.hpp"

#include "doctest/doctest.h"
#include "tests/unit/exokernel/driver/acpi/tables.hpp"

using lamina::Status;

namespace {

/// A FADT with both PM1 control ports, the reset register and a DSDT at `dsdt`.
Table fadt(std::uint32_t dsdt) {
    Table made("FACP", 244);
    made.put(40, dsdt).put(64, std::uint32_t{0x604}).put(68, std::uint32_t{0x608});
    made.put(112, std::uint32_t{1U << 10});
    made.put(116, std::uint8_t{1}).put(120, std::uint64_t{0xcf9}).put(128, std::uint8_t{6});
    return made;
}

/// A DSDT with some bytes, then Name (_S5_, Package) with these contents, then some more.
Table dsdt(const std::vector<std::uint8_t>& package) {
    Table made("DSDT", header_bytes);
    made.add_bytes({0x10, 0x20, '_', 'S', '5', 'x', 0x08});
    made.add_bytes({'_', 'S', '5', '_', 0x12}).add_bytes(package);
    made.add_bytes({0, 0, 0, 0, 0, 0, 0, 0});
    return made;
}

std::uint32_t place_dsdt(AcpiMachine& machine, const std::vector<std::uint8_t>& package) {
    machine.place(0x10000, dsdt(package).seal());
    return 0x10000;
}

}  // namespace

TEST_CASE_FIXTURE(AcpiMachine, "without a root pointer there are no tables") {
    CHECK(exo::read_acpi({0}).error() == Status::not_present);
    CHECK(exo::read_acpi({root}).error() == Status::not_present);
}

TEST_CASE_FIXTURE(AcpiMachine, "a machine with no tables but the list has the standard settings") {
    finish();
    const exo::AcpiTables tables = read();
    CHECK(tables.cpu_count == 0);
    CHECK(tables.local_apic.value == 0xfee0'0000);
    CHECK(tables.io_apic.value == 0);
    CHECK(tables.pm1a_control == 0);
    CHECK(tables.reset_port == 0);
    for (std::uint32_t line = 0; line < exo::AcpiTables::lines_max; ++line)
        CHECK(tables.line_interrupt[line] == line);
}

TEST_CASE_FIXTURE(AcpiMachine, "the root pointer is looked for in the BIOS area, every 16 bytes") {
    add(madt(0xfee1'0000));
    finish(0, 0xf5a30);
    CHECK(exo::read_acpi({0})->local_apic.value == 0xfee1'0000);
}

TEST_CASE_FIXTURE(AcpiMachine, "the last place of the BIOS area is looked at") {
    finish(0, 0xffff0);
    CHECK(exo::read_acpi({0}));
}

TEST_CASE_FIXTURE(AcpiMachine, "revision 0 lists tables by 32 bits, revision 2 by 64") {
    add(madt(0xfee1'0000));
    for (const std::uint8_t revision : {0, 2}) {
        finish(revision);
        CHECK(read().local_apic.value == 0xfee1'0000);
    }
}

TEST_CASE_FIXTURE(AcpiMachine, "tables of other signatures are passed by") {
    add(Table("HPET", 56).put(36, ~0U));
    add(madt(0xfee1'0000));
    finish();
    CHECK(read().local_apic.value == 0xfee1'0000);
}

TEST_CASE_FIXTURE(AcpiMachine, "processors count that are enabled or can be") {
    Table table = madt(0xfee0'0000);
    add_cpu(table, 3, 1);
    add_cpu(table, 5, 0);
    add_cpu(table, 7, 2);
    add(table);
    finish();
    const exo::AcpiTables tables = read();
    REQUIRE(tables.cpu_count == 2);
    CHECK(tables.cpu_apic_id[0] == 3);
    CHECK(tables.cpu_apic_id[1] == 7);
}

TEST_CASE_FIXTURE(AcpiMachine, "processors beyond the bound are counted as ignored") {
    Table table = madt(0xfee0'0000);
    for (unsigned i = 0; i < exo::AcpiTables::cpus_max + 3; ++i)
        add_cpu(table, std::uint8_t(i), 1);
    add(table);
    finish();
    const exo::AcpiTables tables = read();
    CHECK(tables.cpu_count == exo::AcpiTables::cpus_max);
    CHECK(tables.cpu_apic_id[exo::AcpiTables::cpus_max - 1] == exo::AcpiTables::cpus_max - 1);
    CHECK(tables.ignored == 3);
}

TEST_CASE_FIXTURE(AcpiMachine, "the first I/O APIC is the one used") {
    Table table = madt(0xfee0'0000);
    add_io_apic(table, 0xfec0'0000, 0);
    add_io_apic(table, 0xfec1'0000, 24);
    add(table);
    finish();
    CHECK(read().io_apic.value == 0xfec0'0000);
    CHECK(read().io_apic_base == 0);
}

TEST_CASE_FIXTURE(AcpiMachine, "an override moves an ISA line and gives its flags") {
    Table table = madt(0xfee0'0000);
    add_override(table, 4, 20, 0x000d);
    add(table);
    finish();
    CHECK(read().line_interrupt[4] == 20);
    CHECK(read().line_flags[4] == 0x000d);
    CHECK(read().line_interrupt[3] == 3);
}

TEST_CASE_FIXTURE(AcpiMachine, "an override of a line that ISA does not have is left out") {
    Table table = madt(0xfee0'0000);
    add_override(table, 16, 20, 0);
    add_override(table, 255, 21, 0);
    add(table);
    finish();
    const exo::AcpiTables tables = read();
    for (std::uint32_t line = 0; line < exo::AcpiTables::lines_max; ++line)
        CHECK(tables.line_interrupt[line] == line);
}

TEST_CASE_FIXTURE(AcpiMachine, "entries of unknown types are passed by") {
    Table table = madt(0xfee0'0000);
    table.add_bytes({9, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    add_cpu(table, 6, 1);
    add(table);
    finish();
    REQUIRE(read().cpu_count == 1);
    CHECK(read().cpu_apic_id[0] == 6);
}

TEST_CASE_FIXTURE(AcpiMachine, "power ports and the sleep types of S5, as byte constants") {
    add(fadt(place_dsdt(*this, {0x0a, 0x04, 0x0a, 0x05, 0x0a, 0x06, 0x00, 0x00})));
    finish();
    const exo::AcpiTables tables = read();
    CHECK(tables.pm1a_control == 0x604);
    CHECK(tables.pm1b_control == 0x608);
    CHECK(tables.sleep_off_a == 5U << 10);
    CHECK(tables.sleep_off_b == 6U << 10);
}

TEST_CASE_FIXTURE(AcpiMachine, "the sleep types of S5 as the constants zero and one") {
    add(fadt(place_dsdt(*this, {0x06, 0x04, 0x00, 0x01, 0x00, 0x00})));
    finish();
    CHECK(read().sleep_off_a == 0);
    CHECK(read().sleep_off_b == 1U << 10);
}

TEST_CASE_FIXTURE(AcpiMachine, "a package whose length takes more bytes is read past them") {
    add(fadt(place_dsdt(*this, {0x4a, 0x00, 0x04, 0x0a, 0x03, 0x0a, 0x02, 0x00})));
    finish();
    CHECK(read().sleep_off_a == 3U << 10);
    CHECK(read().sleep_off_b == 2U << 10);
}

TEST_CASE_FIXTURE(AcpiMachine, "a name that starts like _S5_ is another name") {
    Table table("DSDT", header_bytes);
    table.add_bytes({'_', 'S', '5', '_', 0x0a, 0x12, 0x04, 0x0a, 0x07, 0x0a, 0x07, 0, 0, 0, 0});
    place(0x10000, table.seal());
    add(fadt(0x10000));
    finish();
    CHECK(read().sleep_off_a == 0);
}

TEST_CASE_FIXTURE(AcpiMachine, "the reset register is used if it is there and an I/O port") {
    const auto reset_port = [&](std::uint32_t flags, std::uint8_t space) {
        listed.clear();
        add(fadt(0).put(112, flags).put(116, space));
        finish();
        return read().reset_port;
    };
    CHECK(reset_port(1U << 10, 1) == 0xcf9);
    CHECK(reset_port(0, 1) == 0);
    CHECK(reset_port(1U << 10, 0) == 0);
    reset_port(1U << 10, 1);
    CHECK(read().reset_value == 6);
}
