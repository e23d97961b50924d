// tests/sim/programs.hpp - Programs: what environments do in user mode. They are hostile.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "lamina/status.hpp"
#include "tests/sim/arguments.hpp"
#include "tests/sim/machine.hpp"

namespace sim {

/// How often each call had which outcome.
struct CallCounts {
    static constexpr std::size_t statuses = 40;  ///< Those of calls; the last counts the others.
    std::array<std::array<std::uint64_t, statuses>, lamina::call_count> of = {};
};

/// Making an environment takes many calls in a row; each may fail.
struct Spawn {
    enum class Stage : std::uint8_t {
        none,
        account,
        env,
        frames,
        map,
        give,
        start,
        drop_frames,
        drop_account,
        drop_env,
    };
    Stage stage = Stage::none;
    std::uint32_t account = 0;
    std::uint32_t env = 0;
    std::uint32_t frames = 0;
    bool started = false;
    bool keeps_frames = false;   ///< The new environment's memory can be revoked later.
    bool keeps_account = false;  ///< Memory can be asked back from it later.
};

/// Deriving so much from one capability that revoking it takes many steps; then revoking it.
struct Flood {
    unsigned left = 0;  ///< Calls to come, the revocation included; 0: none.
    std::uint32_t root = 0;
    std::uint32_t last = 0;
};

/// Making vCPUs for an environment, each at home on some CPU: those that run, or those that serve
/// the calls of a gate; some others are told of them.
struct Crew {
    enum class Stage : std::uint8_t { none, gate, vcpu, serve, run, tell };
    Stage stage = Stage::none;
    unsigned left = 0;       ///< Members to come.
    std::uint32_t gate = 0;  ///< 0: they serve none.
    std::uint32_t vcpu = 0;
};

/// What the simulator knows of one environment's program.
struct Program {
    Memories seen;
    Spawn spawn;
    Flood flood;
    Crew crew;
    std::uint64_t call = 0;  ///< The last one it made, and its arguments.
    CallArguments arguments = {};
    unsigned drops_due = 0;    ///< Handles to give up, because something has run out.
    std::uint64_t listed = 0;  ///< The first range of the last list it made.
    std::uint64_t repair = 0;  ///< A page it has lost and wants to map again; 0: none.
    std::uint64_t area = 0;    ///< Where one has been bound; 0: nowhere.
    bool of_spawn = false;     ///< That call was one of `spawn`.
    bool of_crew = false;      ///< Or of `crew`.
    bool awaits = false;       ///< Its result is still to come.
};

/// What programs write: names of environments are made of such bytes.
inline constexpr std::uint64_t printable = 0x6161'6161'6161'6161;

/// Each step of a program is one system call with arguments made to harm, or one access to memory
/// through the TLB of its CPU. The first environment is careful in one thing: it stays alive.
class Programs final : public UserCode {
public:
    Programs(Machine& machine, const KernelView& view, std::uint64_t first_env);

    void step(Cpu& cpu) override;
    void resumed(Cpu& cpu, const exo::Context& context) override;
    std::uint64_t expected_address(Choices& chance) override;

    const CallCounts& counts() const { return counts_; }
    /// A number that depends on every call and its outcome: equal runs have equal ones.
    std::uint64_t fingerprint() const { return fingerprint_; }

private:
    void call(Cpu& cpu, Program& program, lamina::Call number, const CallArguments& arguments);
    void note_pages(lamina::Call number, const CallArguments& arguments);
    void note_area(const exo::Env& env, const CallArguments& arguments);
    void finish(Cpu& cpu, Program& program, const CallResult& result);
    void random_call(Cpu& cpu, const exo::Env& env, Program& program);
    Program& program_of(const exo::Vcpu& vcpu);
    void make_list(Cpu& cpu, Program& program, lamina::Call number, CallArguments& arguments);
    void make_entries(Cpu& cpu, const exo::Env& env, CallArguments& arguments);
    void make_predicate(Cpu& cpu, const exo::Env& env, CallArguments& arguments);
    void map_again(Cpu& cpu, const exo::Env& env, Program& program);
    bool careless(const exo::Env& env, lamina::Call number, CallArguments& arguments) const;
    void touch_memory(Cpu& cpu);
    std::uint64_t address_to_touch(Cpu& cpu);
    void store(Cpu& cpu, std::uint64_t address, std::uint64_t value);
    void fault(Cpu& cpu);
    void flood_step(Cpu& cpu, const exo::Env& env, Program& program);
    void spawn_step(Cpu& cpu, const exo::Env& env, Program& program);
    static void spawn_result(Spawn& spawn, const CallResult& result);
    void crew_step(Cpu& cpu, const exo::Env& env, Program& program);
    static void crew_result(Crew& crew, const CallResult& result);
    bool has_crew(const exo::Env& env) const;
    std::uint64_t call_of_vcpu(const exo::Vcpu& vcpu, std::uint64_t drawn);

    Machine* machine_;
    const KernelView* view_;
    Choices* choices_;
    ArgumentSource arguments_;
    std::uint64_t first_env_;
    std::unordered_map<std::uint64_t, Program> programs_;  ///< By environment and vCPU.
    std::uint64_t recent_page_ = home;  ///< Where page tables are changed, or were last.
    std::uint64_t recent_pages_ = 1;
    CallCounts counts_;
    std::uint64_t fingerprint_ = 0;
};

}  // namespace sim
