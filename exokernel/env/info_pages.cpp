// exokernel/env/info_pages.cpp - writing the info pages under their sequence count.
#include "exokernel/env/info_pages.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "exokernel/memory/frame_table.hpp"

namespace exo {

InfoPageWriter info_pages;

/// Makes one change to the pages between two steps of the sequence count.
void InfoPageWriter::write(auto change) {
    std::atomic_ref<std::uint32_t> sequence(pages_->page.sequence);
    sequence.store(sequence.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    change(*pages_);
    sequence.store(sequence.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

Result<void> InfoPageWriter::create(Account& account) {
    const std::size_t bytes = sizeof(lamina::InfoPages) + sizeof(lamina::StatPages) +
                              cpus().size() * sizeof(lamina::SliceRows);
    page_count_ = std::uint32_t(bytes / page_size);
    LAMINA_TRY(first_frame_, frames.alloc_run(page_count_, account));
    pages_ = static_cast<lamina::InfoPages*>(FrameTable::contents(first_frame_));
    stats_ = reinterpret_cast<lamina::StatPages*>(pages_ + 1);
    auto* rows = reinterpret_cast<lamina::SliceRows*>(stats_ + 1);
    for (CpuLocal* const cpu : cpus())
        cpu->slices.show_in(rows++);
    return {};
}

namespace {

lamina::EnvState shown_state(const Env& env) {
    if (env.ending) return lamina::EnvState::ending;
    switch (env.vcpu->state) {
        case VcpuState::created: return lamina::EnvState::created;
        case VcpuState::calling:
        case VcpuState::parked:
        case VcpuState::watching:
        case VcpuState::waiting: return lamina::EnvState::waiting;
        default: return lamina::EnvState::ready;
    }
}

/// A counter that entry.S of another CPU may be adding to, without a lock.
std::uint64_t counted(const std::uint64_t& counter) {
    return __atomic_load_n(&counter, __ATOMIC_RELAXED);
}

}  // namespace

Result<std::uint32_t> InfoPageWriter::free_index() const {
    for (std::uint32_t i = 0; i < lamina::env_count_max; ++i) {
        const std::uint32_t index = (search_from_ + i) % lamina::env_count_max;
        if (pages_->envs[index].id == 0) return index;
    }
    return lamina::fail(Status::limit_reached);
}

void InfoPageWriter::add_env(Env& env, std::uint64_t parent_id) {
    envs_[env.index] = &env;
    write([&](lamina::InfoPages& pages) {
        lamina::EnvInfo& info = pages.envs[env.index];
        info = {};
        stats_->envs[env.index] = {};
        info.id = env.id;
        info.parent_id = parent_id;
        info.state = shown_state(env);
        info.cpu = std::uint16_t(env.vcpu->home->index);
        std::memcpy(info.name, env.report.name, sizeof info.name);
        ++pages.page.env_count;
    });
    search_from_ = env.index + 1;
}

void InfoPageWriter::set_state(const Env& env) {
    write([&](lamina::InfoPages& pages) {
        pages.envs[env.index].state = shown_state(env);
        pages.envs[env.index].cpu = std::uint16_t(env.vcpu->home->index);
    });
}

Env* InfoPageWriter::find(std::uint64_t id) const {
    for (Env* const env : envs_)
        if (env != nullptr && env->id == id) return env;
    return nullptr;
}

void InfoPageWriter::remove_env(const Env& env) {
    envs_[env.index] = nullptr;
    write([&](lamina::InfoPages& pages) {
        pages.envs[env.index] = {};
        --pages.page.env_count;
    });
}

namespace {

/// Shows a CPU's counters, and what they have grown by in the sums of all.
void show_cpu(const CpuLocal& cpu, lamina::CpuInfo& row, lamina::InfoPage& sums) {
    const lamina::CpuInfo now = {cpu.calls,      cpu.faults,  row.upcalls, cpu.switches,
                                 cpu.interrupts, cpu.idle_ns, cpu.busy_ns, cpu.slices.used()};
    sums.system_calls += now.calls - row.calls;
    sums.faults += now.faults - row.faults;
    sums.switches += now.switches - row.switches;
    sums.interrupts += now.interrupts - row.interrupts;
    row = now;
}

/// Shows what a vCPU has done since the last time.
void show_vcpu(Vcpu& vcpu, lamina::EnvInfo& info, lamina::EnvCounts& shown) {
    const RunCounts fresh = std::exchange(vcpu.fresh, {});
    info.run_ns += fresh.run_ns;
    shown.calls += fresh.counts.calls;
    shown.faults += fresh.counts.faults;
    shown.upcalls += fresh.counts.upcalls;
    shown.switches += fresh.counts.switches;
}

}  // namespace

void InfoPageWriter::refresh(Vcpu* vcpu) {
    const FrameCounts counts = frames.counts();
    const CpuLocal& cpu = this_cpu();
    write([&](lamina::InfoPages& pages) {
        lamina::InfoPage& page = pages.page;
        page.frames_total = counts.total;
        page.frames_free = counts.free;
        page.frames_kernel = counts.objects;
        page.frames_tables = counts.tables;
        page.frames_user = counts.user;
        std::ranges::copy(frames.free_frames().blocks(), page.free_blocks);
        show_cpu(cpu, stats_->cpus[cpu.index], page);
        page.page_invalidations = page.table_loads = 0;
        for (const CpuLocal* each : cpus()) {
            page.page_invalidations += counted(each->invalidations);
            page.table_loads += counted(each->table_loads);
        }
        if (vcpu == nullptr || vcpu->env == nullptr) return;
        const Env& env = *vcpu->env;
        lamina::EnvInfo& info = pages.envs[env.index];
        stats_->cpus[cpu.index].upcalls += vcpu->fresh.counts.upcalls;
        show_vcpu(*vcpu, info, stats_->envs[env.index]);
        info.frames_used = std::uint32_t(env.account->used_frames());
        info.state = shown_state(env);
    });
}

}  // namespace exo
