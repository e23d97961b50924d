// exokernel/core/after_init.hpp - LAMINA_AFTER_INIT: variables that only boot writes.
#pragma once

/// Puts a variable where the kernel's page tables are read-only once the first environment is made
/// (boot/kernel_map.hpp, seal_after_init).
#define LAMINA_AFTER_INIT [[gnu::section(".after_init")]]
