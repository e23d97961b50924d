// tests/sim/threads/thread_program.hpp - ThreadProgram: what environments do on threads.
#pragma once

#include <cstdint>
#include <vector>

#include "lamina/rights.hpp"
#include "tests/sim/call_shapes.hpp"
#include "tests/sim/choices.hpp"
#include "tests/sim/entry.hpp"
#include "tests/sim/threads/thread_cpus.hpp"

namespace sim {

/// Makes system calls with handles it remembers, most of them good: it must not look into the
/// kernel, as other CPUs change it. One for each environment, used by the thread of its CPU only.
class ThreadProgram {
public:
    /// A careful program does nothing that could end its environment.
    explicit ThreadProgram(bool careful) : careful_(careful) {}

    /// One call, or a few in a row. False if another vCPU may have to go on: the CPU is in its
    /// kernel.
    bool step(ThreadCpus::Cpu& cpu, Choices& choices);

private:
    struct Held {
        std::uint32_t handle;
        lamina::ObjectType type;
    };

    bool call(ThreadCpus::Cpu& cpu, lamina::Call number, const CallArguments& arguments,
              CallResult& result);
    bool random_call(ThreadCpus::Cpu& cpu, Choices& choices);
    bool drop_one(ThreadCpus::Cpu& cpu, Choices& choices);
    bool spawn(ThreadCpus::Cpu& cpu, Choices& choices);
    std::uint64_t handle(lamina::ObjectType type, Choices& choices) const;
    void learn(const CallShape& shape, const CallArguments& arguments, const CallResult& result);
    void forget(std::uint64_t handle);
    lamina::ObjectType type_of(std::uint64_t handle) const;

    std::vector<Held> held_ = {{lamina::slots::account, lamina::ObjectType::account},
                               {lamina::slots::self, lamina::ObjectType::env},
                               {lamina::slots::vcpu, lamina::ObjectType::vcpu},
                               {lamina::slots::archive, lamina::ObjectType::frames}};
    unsigned drops_due_ = 0;
    bool careful_;
};

/// Calls of all programs that returned ok at once.
inline std::atomic<std::uint64_t> calls_succeeded = 0;

}  // namespace sim
