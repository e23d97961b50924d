// tests/sim/main.cpp - the simulator as a program: seeds one after the other, and what came of it.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "tests/sim/violation.hpp"
#include "tests/sim/world.hpp"

namespace {

/// Every fourth seed the machine is a large one; four with tags in their TLBs follow four without.
sim::Shape shape_of(std::uint64_t seed) {
    return {seed % 4 == 0 ? sim::frame_count_large : sim::frame_count_small, seed / 4 % 2 == 1};
}

struct Options {
    std::uint64_t seed = 1;
    std::uint64_t seeds = 1;
    std::uint64_t steps = 100'000;
    bool calls = false;
};

[[noreturn]] void usage() {
    std::fprintf(stderr, "usage: sim [--seed S] [--seeds K] [--steps N] [--calls]\n");
    std::exit(2);
}

Options read_options(int count, char** words) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string_view name = words[i];
        if (name == "--calls") {
            options.calls = true;
            continue;
        }
        std::uint64_t* value = name == "--seed"    ? &options.seed
                               : name == "--seeds" ? &options.seeds
                               : name == "--steps" ? &options.steps
                                                   : nullptr;
        if (value == nullptr || ++i == count) usage();
        char* end = nullptr;
        *value = std::strtoull(words[i], &end, 10);
        if (end == words[i] || *end != '\0') usage();
    }
    return options;
}

void on_memory_fault(int) {
    sim::violated("The kernel touches no memory but the machine's.", "a memory fault of the host");
}

/// A wild access of the kernel ends the run with its seed, on a stack of its own.
void catch_memory_faults() {
    static std::byte stack[64 * 1024];
    stack_t alternate = {};
    alternate.ss_sp = stack;
    alternate.ss_size = sizeof stack;
    sigaltstack(&alternate, nullptr);
    struct sigaction action = {};
    action.sa_handler = on_memory_fault;
    action.sa_flags = SA_ONSTACK;
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE})
        sigaction(signal, &action, nullptr);
}

void print_calls(const sim::CallCounts& counts) {
    for (const sim::CallShape& shape : sim::call_shapes()) {
        std::printf("%-20.*s", int(shape.name.size()), shape.name.data());
        const auto& of = counts.of[shape.number];
        for (std::size_t status = 0; status < of.size(); ++status)
            if (of[status] != 0)
                std::printf(" %s %llu", lamina::status_name(lamina::Status(status)),
                            static_cast<unsigned long long>(of[status]));
        std::printf("\n");
    }
}

}  // namespace

int main(int count, char** words) {
    const Options options = read_options(count, words);
    catch_memory_faults();
    const auto start = std::chrono::steady_clock::now();
    sim::RunTotals totals;
    for (std::uint64_t i = 0; i < options.seeds; ++i) {
        sim::run_position.seed = options.seed + i;
        sim::Choices choices(sim::run_position.seed);
        totals.add(sim::run_world(choices, options.steps, shape_of(sim::run_position.seed)));
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    if (options.calls) {
        print_calls(totals.calls);
        totals.activity.print();
    }
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("environments %llu, full checks %llu, fingerprint %016llx\n",
                number(totals.environments), number(totals.full_checks),
                number(totals.fingerprint));
    std::printf("nothing found: %llu seeds, %llu steps, %.0f steps/s\n", number(options.seeds),
                number(totals.steps), double(totals.steps) / spent.count());
    return 0;
}
