// exokernel/arch/host/machine.hpp - the machine as the portable kernel sees it, on the host.
#pragma once

#include <cstring>

#include "exokernel/core/offsets.h"
#include "exokernel/core/panic.hpp"
#include "exokernel/core/types.hpp"

/// The host's rare cases may use any register.
#define LAMINA_KEEPS_REGISTERS [[gnu::cold, gnu::noinline]]

namespace exo::arch {

/// Where a CPU is with a lock.
enum class LockPoint { before, taken, given_back };

/// What stands for the processors when whole CPUs run on the host. Each function is that of
/// arch/x86_64/machine.hpp with the same name; the CPU is the one that calls. A simulator lets
/// another CPU go on inside relax(), lock_point(), wait_for_interrupt() and interrupt_window().
class HostCpus {
public:
    virtual void invalidate_page(std::uint64_t address) = 0;
    virtual void flush_tlb() = 0;
    virtual PhysAddr loaded_page_table() = 0;
    virtual void load_page_table(PhysAddr table, std::uint32_t tag, bool keep) = 0;
    virtual bool has_tlb_tags() { return false; }
    virtual void* cpu_local() = 0;
    virtual void interrupt_cpu(std::uint8_t apic_id) = 0;
    virtual std::uint64_t now_ns() = 0;
    virtual void arm_timer(std::uint64_t deadline_ns) = 0;
    virtual void wait_for_interrupt() = 0;
    virtual void interrupt_window() = 0;
    virtual void relax() = 0;
    virtual void lock_point(LockPoint where, const void* lock) = 0;
    /// The kernel is about to use memory: other processors may walk page tables before that.
    virtual void memory_point() = 0;

protected:
    ~HostCpus() = default;
};

/// Null: one CPU without a TLB or a clock, for tests of single objects. They read the rest.
inline HostCpus* host_cpus = nullptr;

/// Physical memory of the host build: a page-aligned buffer that stands for addresses from 0.
inline std::byte* host_memory = nullptr;
/// How many single-page and whole-space invalidations were asked for.
inline std::uint64_t host_invalidations = 0;
inline PhysAddr host_page_table = {};
inline std::uint64_t host_cpu_interrupts = 0;
/// What cpu_local() returns.
inline void* host_cpu_local = nullptr;

inline void* direct_map(PhysAddr address) {
    if (host_cpus != nullptr) host_cpus->memory_point();
    return host_memory + address.value;
}

inline void clear_page(void* page) { std::memset(page, 0, page_size); }

inline void invalidate_page(std::uint64_t address) {
    if (host_cpus != nullptr)
        host_cpus->invalidate_page(address);
    else
        ++host_invalidations;
}

inline void flush_tlb() {
    if (host_cpus != nullptr)
        host_cpus->flush_tlb();
    else
        ++host_invalidations;
}

inline PhysAddr loaded_page_table() {
    return host_cpus != nullptr ? host_cpus->loaded_page_table() : host_page_table;
}

inline void load_page_table(PhysAddr table, std::uint32_t tag = 0, bool keep = false) {
    if (host_cpus != nullptr)
        host_cpus->load_page_table(table, tag, keep);
    else
        host_page_table = table;
}

inline bool has_tlb_tags() { return host_cpus != nullptr && host_cpus->has_tlb_tags(); }
inline bool has_gigabyte_pages() { return true; }

inline void* cpu_local() { return host_cpus != nullptr ? host_cpus->cpu_local() : host_cpu_local; }

/// A word of what cpu_local() returns; 0 without it.
template <typename Word>
Word word_of_cpu(unsigned offset) {
    const auto* local = static_cast<const std::byte*>(cpu_local());
    return local != nullptr ? *reinterpret_cast<const Word*>(local + offset) : 0;
}
inline std::uint32_t cpu_index() { return word_of_cpu<std::uint32_t>(CPU_INDEX); }
inline std::uint64_t cpu_bit() { return word_of_cpu<std::uint64_t>(CPU_BIT); }
inline bool must_dispatch() { return word_of_cpu<std::uint64_t>(CPU_MUST_DISPATCH) != 0; }

inline void interrupt_cpu(std::uint8_t apic_id) {
    if (host_cpus != nullptr)
        host_cpus->interrupt_cpu(apic_id);
    else
        ++host_cpu_interrupts;
}

inline std::uint64_t now_ns() { return host_cpus != nullptr ? host_cpus->now_ns() : 0; }
inline void arm_timer(std::uint64_t deadline_ns) {
    if (host_cpus != nullptr) host_cpus->arm_timer(deadline_ns);
}
inline void wait_for_interrupt() {
    if (host_cpus != nullptr) host_cpus->wait_for_interrupt();
}
inline void interrupt_window() {
    if (host_cpus != nullptr) host_cpus->interrupt_window();
}
inline void relax() {
    if (host_cpus != nullptr) host_cpus->relax();
}
inline void lock_point(LockPoint where, const void* lock) {
    if (host_cpus != nullptr) host_cpus->lock_point(where, lock);
}

/// A lock with the points at which a simulator changes the CPU.
template <typename Lock>
class SeenLock : public Lock {
public:
    void lock() {
        lock_point(LockPoint::before, this);
        Lock::lock();
        lock_point(LockPoint::taken, this);
    }
    bool try_lock() {
        lock_point(LockPoint::before, this);
        const bool taken = Lock::try_lock();
        if (taken) lock_point(LockPoint::taken, this);
        return taken;
    }
    void unlock() {
        Lock::unlock();
        lock_point(LockPoint::given_back, this);
    }
};

// The host's own program keeps its extended state.
inline void save_extended(std::uint64_t&, std::uint64_t&, std::byte*) {}
inline void load_extended(std::uint64_t, std::uint64_t, const std::byte*) {}
inline void exchange_extended(std::uint64_t&, std::uint64_t&, std::byte*, std::uint64_t,
                              std::uint64_t, const std::byte*) {}
inline void load_area(const std::byte*) {}
inline void init_extended(std::byte*) {}
struct InitialArea {
    static const std::byte* bytes() { return nullptr; }
};
inline constexpr InitialArea initial_area;
/// Whoever simulates the entry code looks at CpuLocal::context for who goes on.
inline void go_on_with(const void*) {}

[[noreturn]] inline void halt() { stop_machine(); }
[[noreturn]] inline void reset_cpu() { stop_machine(); }

}  // namespace exo::arch
