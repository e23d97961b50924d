// libos/linux/descriptors.hpp - the table of file descriptors.
#pragma once

#include <array>
#include <cstdint>

#include "libos/linux/errno.hpp"

namespace libos::linux_abi {

/// What a descriptor stands for.
enum class File : std::uint8_t {
    none,
    console,
};

/// Descriptors 0 to descriptors_max - 1; at first 0, 1 and 2 are the console. Pure logic.
class Descriptors {
public:
    static constexpr std::int32_t descriptors_max = 256;

    constexpr Descriptors() {
        entries_[0].file = entries_[1].file = entries_[2].file = File::console;
    }

    /// Errors: ebadf.
    Outcome<File> get(std::int32_t descriptor) const;

    /// Makes the lowest free descriptor from `lowest` on stand for the same. Errors: ebadf, einval
    /// (`lowest` is none), emfile.
    Outcome<std::int32_t> duplicate(std::int32_t descriptor, std::int32_t lowest,
                                    bool close_on_exec);

    /// Makes `target` stand for the same, whatever it was. Errors: ebadf.
    Outcome<std::int32_t> duplicate_to(std::int32_t descriptor, std::int32_t target,
                                       bool close_on_exec);

    /// Errors: ebadf.
    Outcome<void> close(std::int32_t descriptor);

    /// Errors: ebadf.
    Outcome<bool> close_on_exec(std::int32_t descriptor) const;
    Outcome<void> set_close_on_exec(std::int32_t descriptor, bool on);

private:
    struct Entry {
        File file = File::none;
        bool close_on_exec = false;
    };

    bool is_open(std::int32_t descriptor) const;

    std::array<Entry, descriptors_max> entries_ = {};
};

}  // namespace libos::linux_abi
