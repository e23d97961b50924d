// libos/archive/boot_archive.hpp - the boot archive, mapped into the app and checked.
#pragma once

#include <utility>

#include "lamina/archive.hpp"
#include "libos/vm/mapping.hpp"

namespace libos {

/// The archive from the capability in the fixed slot. The view lives as long as this.
class BootArchive {
public:
    /// Errors: bad_handle (no capability), those of mapping, archive_* by cause.
    static lamina::Result<BootArchive> open();

    const lamina::Archive& view() const { return archive_; }

private:
    BootArchive(Mapping mapping, lamina::Archive archive)
        : mapping_(std::move(mapping)), archive_(archive) {}

    Mapping mapping_;
    lamina::Archive archive_;
};

}  // namespace libos
