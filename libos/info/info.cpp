// libos/info/info.cpp - the info pages, mapped into the app and read consistently.
#include "libos/info/info.hpp"

#include <cstring>

#include "libos/sys/handles.hpp"
#include "libos/vm/mapping.hpp"

namespace libos {

namespace {

constinit const lamina::InfoPages* mapped = nullptr;
constinit const lamina::StatPages* stats = nullptr;

// The kernel writes while we do not run, or on another CPU: the fences keep the copy between the
// two readings of the sequence number.
template <typename T>
void copy_stable(const lamina::InfoPages& pages, const T& source, T& copy) {
    const auto& sequence = pages.page.sequence;
    for (;;) {
        const auto before = __atomic_load_n(&sequence, __ATOMIC_ACQUIRE);
        std::memcpy(&copy, &source, sizeof copy);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (before % 2 == 0 && __atomic_load_n(&sequence, __ATOMIC_RELAXED) == before) return;
        __builtin_ia32_pause();
    }
}

}  // namespace

lamina::Result<const lamina::InfoPages*> info_pages() {
    if (mapped == nullptr) {
        constexpr auto pages = sizeof(lamina::InfoPages) / lamina::page_size;
        LAMINA_TRY(Mapping mapping,
                   Mapping::create(fixed::info, 0, pages, lamina::Protection::read));
        mapped = reinterpret_cast<const lamina::InfoPages*>(mapping.release().data());
    }
    return mapped;
}

lamina::Result<void> read_info(lamina::InfoPage& copy) {
    LAMINA_TRY(const auto* pages, info_pages());
    copy_stable(*pages, pages->page, copy);
    return {};
}

lamina::Result<void> read_env_info(std::uint32_t index, lamina::EnvInfo& copy) {
    LAMINA_TRY(const auto* pages, info_pages());
    if (index >= lamina::env_count_max) return lamina::fail(lamina::Status::bad_argument);
    copy_stable(*pages, pages->envs[index], copy);
    return {};
}

namespace {

// Apart from the pages that every app needs.
lamina::Result<const lamina::StatPages*> stat_pages() {
    LAMINA_TRY(const auto* pages, info_pages());
    if (stats == nullptr) {
        constexpr auto first = sizeof(lamina::InfoPages) / lamina::page_size;
        LAMINA_TRY(Mapping mapping,
                   Mapping::create(fixed::info, first, pages->page.info_pages - first,
                                   lamina::Protection::read));
        stats = reinterpret_cast<const lamina::StatPages*>(mapping.release().data());
    }
    return stats;
}

lamina::Result<const lamina::StatPages*> stat_pages(std::uint32_t cpu) {
    LAMINA_TRY(const auto* found, stat_pages());
    if (cpu >= mapped->page.cpu_count_used) return lamina::fail(lamina::Status::bad_argument);
    return found;
}

}  // namespace

lamina::Result<void> read_cpu_info(std::uint32_t cpu, lamina::CpuInfo& copy) {
    LAMINA_TRY(const auto* pages, stat_pages(cpu));
    copy_stable(*mapped, pages->cpus[cpu], copy);
    return {};
}

lamina::Result<void> read_env_counts(std::uint32_t index, lamina::EnvCounts& copy) {
    LAMINA_TRY(const auto* pages, stat_pages());
    if (index >= lamina::env_count_max) return lamina::fail(lamina::Status::bad_argument);
    copy_stable(*mapped, pages->envs[index], copy);
    return {};
}

lamina::Result<const lamina::SliceRows*> slice_rows(std::uint32_t cpu) {
    LAMINA_TRY(const auto* pages, stat_pages(cpu));
    return reinterpret_cast<const lamina::SliceRows*>(pages + 1) + cpu;
}

}  // namespace libos
