// libos/archive/boot_archive.cpp - the boot archive, mapped into the app and checked.
#include "libos/archive/boot_archive.hpp"

#include "lamina/report.hpp"
#include "libos/sys/handles.hpp"

namespace libos {

lamina::Result<BootArchive> BootArchive::open() {
    lamina::CapInfo info = {};
    LAMINA_CHECK(sys::cap_inspect(fixed::archive, &info));
    LAMINA_TRY(Mapping mapping,
               Mapping::create(fixed::archive, 0, info.count, lamina::Protection::read));
    LAMINA_TRY(const lamina::Archive archive, lamina::Archive::open(mapping.bytes()));
    return BootArchive(std::move(mapping), archive);
}

}  // namespace libos
