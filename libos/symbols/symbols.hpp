// libos/symbols/symbols.hpp - which function an address lies in, from an app's symbol table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lamina/result.hpp"

namespace libos {

/// A place in a program: function and byte offset in it.
struct SymbolPlace {
    std::string_view name;
    std::uint64_t offset;
};

/// A view of a symbol table as packed in the boot archive: "LAMSYMS1", u32 count, u32 string bytes,
/// then count records {u64 address, u32 size, u32 name offset} in ascending order, then the
/// NUL-terminated names. Nothing in it is trusted. The bytes must outlive the view.
class SymbolTable {
public:
    /// Checks every record. Errors: symbols_damaged. Cost: linear.
    static lamina::Result<SymbolTable> open(std::span<const std::byte> file);

    /// The function that holds the address, if one does. Cost: logarithmic.
    std::optional<SymbolPlace> find(std::uint64_t address) const;

    std::uint32_t size() const { return count_; }

private:
    struct Record {
        std::uint64_t address;
        std::uint32_t bytes;
        std::uint32_t name;
    };

    SymbolTable(std::span<const std::byte> records, std::string_view strings, std::uint32_t count)
        : records_(records), strings_(strings), count_(count) {}

    Record record(std::uint32_t index) const;
    bool sound() const;

    std::span<const std::byte> records_;
    std::string_view strings_;
    std::uint32_t count_;
};

}  // namespace libos
