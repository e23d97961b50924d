// exokernel/env/memory_watch.cpp - telling when the machine's free memory is low.
#include "exokernel/env/memory_watch.hpp"

#include <utility>

#include "exokernel/memory/frame_table.hpp"

namespace exo {

MemoryWatch memory_watch;

void MemoryWatch::set(Notification* notification, std::uint64_t told_bits, std::uint64_t low,
                      std::uint64_t high) {
    if (notification != nullptr) ++notification->references;
    Notification* const before = std::exchange(told, notification);
    bits = told_bits;
    frames.free_frames().watch(notification != nullptr ? low : 0, high,
                               [] { memory_watch.told->signal(memory_watch.bits); });
    if (before != nullptr) release_object(*before);
}

}  // namespace exo
