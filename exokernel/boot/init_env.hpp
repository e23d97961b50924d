// exokernel/boot/init_env.hpp - the first environment: init, which gets every capability there is.
#pragma once

#include "exokernel/boot/boot_info.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "lamina/layout.hpp"

namespace exo::boot {

/// Pages that the frame table takes.
inline std::uint32_t frame_table_pages() {
    return std::uint32_t(lamina::page_ceil(frames.size() * sizeof(FrameInfo)) / page_size);
}

/// Makes and starts `init` from the archive, its memory charged to `root`. Panics with the cause if
/// the archive has no good one: without it the machine has no purpose.
void start_init(const BootInfo& boot, Account& root);

}  // namespace exo::boot
