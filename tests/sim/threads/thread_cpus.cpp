// tests/sim/threads/thread_cpus.cpp - waiting, interrupts and stopping of threads as CPUs.
#include "tests/sim/threads/thread_cpus.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/sim/entry.hpp"

namespace sim {

thread_local ThreadCpus::Cpu* ThreadCpus::current_ = nullptr;

ThreadCpus::ThreadCpus() {
    for (unsigned i = 0; i < count; ++i) {
        cpus_[i] = std::make_unique<Cpu>();
        cpus_[i]->local.self = &cpus_[i]->local;
        cpus_[i]->local.apic_id = std::uint8_t(i);
        exo::add_cpu(cpus_[i]->local);
    }
    exo::arch::host_cpus = this;
}

bool ThreadCpus::take_interrupt(bool& timer) {
    Cpu& cpu = *current_;
    timer = cpu.timer_ns != 0 && cpu.timer_ns <= now_ns_.load(std::memory_order_relaxed);
    const bool sent = cpu.interrupted.exchange(false);
    if (timer) cpu.timer_ns = 0;
    return sent || timer;
}

void ThreadCpus::wait_for_interrupt() {
    bool timer = false;
    while (!take_interrupt(timer)) {
        stop_if_wanted();
        (void)now_ns();
        std::this_thread::yield();
    }
    interrupt_in_kernel(current_->local, timer);
}

void ThreadCpus::interrupt_window() {
    bool timer = false;
    if (take_interrupt(timer)) interrupt_in_kernel(current_->local, timer);
}

void ThreadCpus::relax() { std::this_thread::yield(); }

void ThreadCpus::stop_all() {
    stop_ = true;
    while (stopped_ != count)
        std::this_thread::yield();
}

/// A CPU that stops answers no shoot-down any more: so it stops only when no other one is in its
/// kernel, that is when all have come here. Until then it goes on answering.
void ThreadCpus::stop_if_wanted() {
    if (!stop_) return;
    ++stopped_;
    while (stopped_ != count) {
        exo::answer_shoot_downs();
        std::this_thread::yield();
    }
    // Never notified: the main thread ends the program.
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable().wait(lock, [] { return false; });
}

}  // namespace sim
