// tests/sim/threads/main.cpp - the kernel on threads: so many calls of each CPU, then the ledger
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "exokernel/cpu/dispatch.hpp"
#include "tests/sim/arguments.hpp"
#include "tests/sim/boot.hpp"
#include "tests/sim/ledger.hpp"
#include "tests/sim/threads/thread_cpus.hpp"
#include "tests/sim/threads/thread_program.hpp"

namespace {

std::atomic<std::int64_t> calls_left;

/// A CPU: user mode and kernel in turn, until all calls are made.
void run_cpu(sim::ThreadCpus& cpus, unsigned index, std::uint64_t first_id) {
    cpus.become(index);
    auto& cpu = cpus.cpu(index);
    sim::Choices choices(index + 1);
    std::unordered_map<std::uint64_t, sim::ThreadProgram> programs;
    sim::come_from_boot();
    for (;;) {
        (void)sim::go_on();
        const std::uint64_t id = cpu.local.running->env->id;
        auto& program = programs.try_emplace(id, id == first_id).first->second;
        bool in_user_mode = true;
        while (in_user_mode) {
            cpus.stop_if_wanted();
            bool timer = false;
            if (cpus.take_interrupt(timer)) {
                sim::enter_by_interrupt(cpu.local, timer);
                in_user_mode = false;
            } else if (calls_left.fetch_sub(1) > 0) {
                in_user_mode = program.step(cpu, choices);
            } else {
                std::this_thread::yield();
            }
        }
    }
}

/// A data race, to see that races are seen.
[[noreturn]] void race() {
    static volatile int shared = 0;
    const auto add = [] {
        for (int i = 0; i < 100'000; ++i)
            shared = shared + 1;
    };
    std::thread other(add);
    add();
    other.join();
    std::exit(0);
}

}  // namespace

int main(int count, char** words) {
    if (count > 1 && std::string_view(words[1]) == "race") race();
    const std::int64_t calls = count > 1 ? std::strtoll(words[1], nullptr, 10) : 100'000;
    calls_left = calls;
    sim::ThreadCpus cpus;
    cpus.become(0);
    sim::boot_kernel();
    for (unsigned i = 0; i < sim::ThreadCpus::count; ++i)
        cpus.cpu(i).root = exo::kernel_root();
    const exo::Env& first = sim::start_first_env();
    std::memset(first.space.find(sim::home, true), 'a', exo::page_size);
    for (unsigned i = 0; i < sim::ThreadCpus::count; ++i)
        std::thread(run_cpu, std::ref(cpus), i, first.id).detach();
    while (calls_left > 0)
        std::this_thread::yield();
    cpus.stop_all();
    sim::KernelView view(sim::root_account());
    view.refresh();
    sim::check_ledger(view);
    sim::check_references(view);
    std::printf("ledger balanced: %lld calls, %llu succeeded\n", static_cast<long long>(calls),
                static_cast<unsigned long long>(sim::calls_succeeded.load()));
    std::fflush(stdout);
    std::exit(0);
}
