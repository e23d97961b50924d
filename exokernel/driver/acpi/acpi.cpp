// exokernel/driver/acpi/acpi.cpp - parsing RSDP, RSDT/XSDT, MADT, FADT and the S5 package.
#include "exokernel/driver/acpi/acpi.hpp"

#include <cstring>
#include <span>

#include "arch/machine.hpp"

namespace exo {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// All tables are expected here; what lies above is not mapped when they are read.
constexpr std::uint64_t reachable_end = 4ULL << 30;
constexpr std::uint32_t table_bytes_max = 1U << 20;
constexpr std::uint32_t header_bytes = 36;

const std::uint8_t* at(std::uint64_t address) {
    return static_cast<const std::uint8_t*>(arch::direct_map({address}));
}

/// A little-endian number at `offset`; 0 where the table is too short for it.
template <typename T>
T field(Bytes table, std::uint32_t offset) {
    T value = 0;
    if (offset + sizeof value <= table.size())
        std::memcpy(&value, table.data() + offset, sizeof value);
    return value;
}

bool sums_to_zero(Bytes bytes) {
    std::uint8_t sum = 0;
    for (std::uint8_t byte : bytes)
        sum = std::uint8_t(sum + byte);
    return sum == 0;
}

/// The table at an address, whole and with a good checksum; else empty.
Bytes table_at(std::uint64_t address) {
    if (address == 0 || address > reachable_end - table_bytes_max) return {};
    const auto length = field<std::uint32_t>({at(address), header_bytes}, 4);
    if (length < header_bytes || length > table_bytes_max) return {};
    const Bytes table(at(address), length);
    return sums_to_zero(table) ? table : Bytes{};
}

bool is(Bytes table, const char* signature) {
    return table.size() >= 4 && std::memcmp(table.data(), signature, 4) == 0;
}

bool good_root_pointer(std::uint64_t address) {
    return std::memcmp(at(address), "RSD PTR ", 8) == 0 && sums_to_zero({at(address), 20});
}

std::uint64_t find_root_pointer() {
    for (std::uint64_t address = 0xe0000; address < 0x100000; address += 16)
        if (good_root_pointer(address)) return address;
    return 0;
}

void read_madt(Bytes madt, AcpiTables& tables) {
    constexpr std::uint32_t first_entry = 44;
    if (madt.size() < first_entry) return;
    tables.local_apic = {field<std::uint32_t>(madt, 36)};
    constexpr std::uint32_t enabled_or_capable = 3;
    for (std::uint32_t here = first_entry; here + 2 <= madt.size();) {
        const std::uint8_t type = madt[here];
        const std::uint8_t length = madt[here + 1];
        if (length < 2 || here + length > madt.size()) break;
        const Bytes entry = madt.subspan(here, length);
        if (type == 0 && (field<std::uint32_t>(entry, 4) & enabled_or_capable) != 0) {
            if (tables.cpu_count < AcpiTables::cpus_max)
                tables.cpu_apic_id[tables.cpu_count++] = field<std::uint8_t>(entry, 3);
            else
                ++tables.ignored;
        } else if (type == 1 && tables.io_apic.value == 0) {
            tables.io_apic = {field<std::uint32_t>(entry, 4)};
            tables.io_apic_base = field<std::uint32_t>(entry, 8);
        } else if (type == 2) {
            const std::uint8_t line = field<std::uint8_t>(entry, 3);
            if (line < AcpiTables::lines_max) {
                tables.line_interrupt[line] = field<std::uint32_t>(entry, 4);
                tables.line_flags[line] = field<std::uint16_t>(entry, 8);
            }
        }
        here += length;
    }
}

/// Reads an AML integer constant (ACPI 20.2.3); advances past it.
std::uint8_t read_constant(Bytes aml, std::uint32_t& here) {
    constexpr std::uint8_t byte_prefix = 0x0a;
    if (field<std::uint8_t>(aml, here) == byte_prefix) ++here;
    return field<std::uint8_t>(aml, here++);
}

/// Finds `Name (_S5_, Package {a, b, ...})` in the DSDT: NameOp "_S5_" PackageOp length count a b.
void read_sleep_off(Bytes dsdt, AcpiTables& tables) {
    constexpr std::uint8_t package_op = 0x12;
    for (std::uint32_t here = header_bytes; here + 12 < dsdt.size(); ++here) {
        if (std::memcmp(dsdt.data() + here, "_S5_", 4) != 0 || dsdt[here + 4] != package_op)
            continue;
        std::uint32_t value = here + 5;
        value += 1U + (dsdt[value] >> 6);  // PkgLength: the top bits count further bytes
        ++value;                           // NumElements
        constexpr unsigned sleep_type_shift = 10;
        tables.sleep_off_a = std::uint16_t(read_constant(dsdt, value) << sleep_type_shift);
        tables.sleep_off_b = std::uint16_t(read_constant(dsdt, value) << sleep_type_shift);
        return;
    }
}

void read_fadt(Bytes fadt, AcpiTables& tables) {
    tables.pm1a_control = std::uint16_t(field<std::uint32_t>(fadt, 64));
    tables.pm1b_control = std::uint16_t(field<std::uint32_t>(fadt, 68));
    constexpr std::uint32_t reset_supported = 1U << 10;
    constexpr std::uint8_t in_io_space = 1;
    if ((field<std::uint32_t>(fadt, 112) & reset_supported) != 0 &&
        field<std::uint8_t>(fadt, 116) == in_io_space) {
        tables.reset_port = std::uint16_t(field<std::uint64_t>(fadt, 120));
        tables.reset_value = field<std::uint8_t>(fadt, 128);
    }
    read_sleep_off(table_at(field<std::uint32_t>(fadt, 40)), tables);
}

}  // namespace

lamina::Result<AcpiTables> read_acpi(PhysAddr root_pointer) {
    std::uint64_t root = root_pointer.value;
    if (root == 0) root = find_root_pointer();
    if (root == 0 || root > reachable_end - page_size || !good_root_pointer(root))
        return lamina::fail(lamina::Status::not_present);
    const Bytes pointer(at(root), 36);
    const bool extended = pointer[15] >= 2;
    const Bytes list =
        table_at(extended ? field<std::uint64_t>(pointer, 24) : field<std::uint32_t>(pointer, 16));
    if (list.empty()) return lamina::fail(lamina::Status::not_present);
    AcpiTables tables;
    for (std::uint32_t line = 0; line < AcpiTables::lines_max; ++line)
        tables.line_interrupt[line] = line;
    const std::uint32_t step = extended ? 8 : 4;
    for (std::uint32_t here = header_bytes; here + step <= list.size(); here += step) {
        const Bytes table = table_at(extended ? field<std::uint64_t>(list, here)
                                              : field<std::uint32_t>(list, here));
        if (is(table, "APIC")) read_madt(table, tables);
        if (is(table, "FACP")) read_fadt(table, tables);
    }
    return tables;
}

}  // namespace exo
