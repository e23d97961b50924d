// tests/unit/exokernel/driver/acpi/tables.hpp - builds ACPI tables in a host machine's memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "exokernel/driver/acpi/acpi.hpp"
#include "tests/unit/exokernel/machine.hpp"

/// A table under construction: bytes, little endian.
class Table {
public:
    Table(std::string_view signature, std::size_t bytes) : bytes_(bytes) {
        std::memcpy(bytes_.data(), signature.data(), signature.size());
    }

    template <typename T>
    Table& put(std::size_t offset, T value) {
        if (bytes_.size() < offset + sizeof value) bytes_.resize(offset + sizeof value);
        std::memcpy(bytes_.data() + offset, &value, sizeof value);
        return *this;
    }
    template <typename T>
    Table& add(T value) {
        return put(bytes_.size(), value);
    }
    Table& add_bytes(const std::vector<std::uint8_t>& more) {
        bytes_.insert(bytes_.end(), more.begin(), more.end());
        return *this;
    }

    /// Fills in the length and the checksum; the bytes.
    const std::vector<std::uint8_t>& seal() {
        put(4, std::uint32_t(bytes_.size()));
        put(9, std::uint8_t{0});
        put(9, std::uint8_t(-sum(bytes_.size())));
        return bytes_;
    }
    /// Makes the first `bytes` sum to zero by the byte at `offset`.
    Table& balance(std::size_t offset, std::size_t bytes) {
        put(offset, std::uint8_t{0});
        return put(offset, std::uint8_t(-sum(bytes)));
    }
    const std::vector<std::uint8_t>& raw() const { return bytes_; }

private:
    std::uint8_t sum(std::size_t bytes) const {
        std::uint8_t total = 0;
        for (std::size_t i = 0; i < bytes; ++i)
            total = std::uint8_t(total + bytes_[i]);
        return total;
    }
    std::vector<std::uint8_t> bytes_;
};

inline constexpr std::uint32_t header_bytes = 36;

/// An MADT with this local APIC address, without entries.
inline Table madt(std::uint32_t local_apic) {
    Table made("APIC", 44);
    made.put(36, local_apic);
    return made;
}
inline void add_cpu(Table& madt, std::uint8_t apic_id, std::uint32_t flags) {
    madt.add_bytes({0, 8, 0, apic_id}).add(flags);
}
inline void add_io_apic(Table& madt, std::uint32_t address, std::uint32_t base) {
    madt.add_bytes({1, 12, 0, 0}).add(address).add(base);
}
inline void add_override(Table& madt, std::uint8_t line, std::uint32_t to, std::uint16_t flags) {
    madt.add_bytes({2, 10, 0, line}).add(to).add(flags);
}

/// A machine whose firmware tables lie at fixed places: the root pointer at 0x1000, the list at
/// 0x2000, the tables from 0x3000 on, a page each.
struct AcpiMachine {
    static constexpr std::uint64_t root = 0x1000;
    static constexpr std::uint64_t list = 0x2000;

    AcpiMachine() : memory(512) { std::memset(memory.at(0), 0, memory.size()); }

    void place(std::uint64_t address, const std::vector<std::uint8_t>& bytes) {
        std::memcpy(memory.at(address), bytes.data(), bytes.size());
    }
    /// Puts a sealed table into the next page; its address.
    std::uint32_t add(Table table) {
        const std::uint32_t address = next;
        place(address, table.seal());
        next += 0x1000;
        listed.push_back(address);
        return address;
    }
    /// Writes the root pointer and the list of the tables added so far. Revision 0: RSDT, 2: XSDT.
    void finish(std::uint8_t revision = 0, std::uint64_t at = root) {
        Table table(revision >= 2 ? "XSDT" : "RSDT", header_bytes);
        for (const std::uint64_t address : listed)
            if (revision >= 2)
                table.add(address);
            else
                table.add(std::uint32_t(address));
        place(list, table.seal());
        Table pointer("RSD PTR ", 36);
        pointer.put(15, revision).put(20, std::uint32_t{36});
        if (revision >= 2)
            pointer.put(24, std::uint64_t{list});
        else
            pointer.put(16, std::uint32_t{list});
        pointer.balance(8, 20).balance(32, 36);
        place(at, pointer.raw());
    }
    exo::AcpiTables read() const { return *exo::read_acpi({root}); }

    HostMemory memory;
    std::uint32_t next = 0x3000;
    std::vector<std::uint64_t> listed;
};
