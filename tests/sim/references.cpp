// tests/sim/references.cpp - how often each object and run is referred to, counted from scratch.
#include <array>
#include <string>

#include "exokernel/env/console.hpp"
#include "exokernel/env/info_pages.hpp"
#include "exokernel/env/memory_watch.hpp"
#include "exokernel/env/repossess.hpp"
#include "tests/sim/boot.hpp"
#include "tests/sim/ledger.hpp"
#include "tests/sim/violation.hpp"

namespace sim {
namespace {

/// Runs are named by their first frame.
struct References {
    const KernelView* view;
    const exo::Env* env = nullptr;  ///< Whose references are counted now; null: the kernel's own.
    std::array<const exo::Env*, frame_count_large> users = {};  ///< Of runs: the first.
    std::array<std::uint32_t, object_places> objects = {};
    std::array<std::uint32_t, frame_count_large> runs = {};

    void to(const exo::Object* object) {
        if (object != nullptr) ++objects[view->place_of(*object)];
    }

    void to_any(const exo::Object* object) {
        const std::uint32_t run = KernelView::run_with(object);
        run < frame_count ? to_frame(run) : to(object);
    }

    void to_frame(std::uint32_t frame) {
        if (frame >= frame_count || !KernelView::is_run(frame))
            violated("What refers to a frame refers to a run.", "frame " + std::to_string(frame));
        const std::uint32_t head = KernelView::head_of(frame);
        ++runs[head];
        if (env == nullptr || KernelView::info(head).is_shared()) return;
        if (users[head] == nullptr) users[head] = env;
        if (users[head] != env || KernelView::info(head).account->spender != env)
            violated("A run that is not marked as shared is one environment's, and charged to it.",
                     "frame " + std::to_string(head) + ", environments " +
                         std::to_string(users[head]->id) + ", " + std::to_string(env->id));
    }
};

void count_capabilities(const exo::Env& env, References& count) {
    for (const exo::Capability& capability : KernelView::slots(env)) {
        if (!capability.used() || !capability.counted) continue;
        if (capability.type == exo::ObjectType::frames &&
            capability.object != &exo::frames.run_of({capability.first}))
            violated("A capability for frames is for the run they are in.",
                     "frame " + std::to_string(capability.first));
        count.to_any(capability.object);
    }
}

void count_mappings(const exo::Env& env, References& count) {
    static std::vector<TableView> tables;
    tables.clear();
    collect_tables(env.space.root(), tables);
    for (const TableView& table : tables) {
        if (table.level > exo::leaf_level_max) continue;
        for (const exo::PageEntry& entry : KernelView::table(table.frame).entry)
            if (entry.is_leaf(table.level)) count.to_frame(exo::frame_of(entry.target()).value);
    }
}

void count_of_vcpu(const exo::Vcpu& vcpu, References& count) {
    count.to(&vcpu);
    count.to(vcpu.waits_for);
    count.to(vcpu.told_of);
    count.to(vcpu.gate);
    count.to_any(vcpu.object);
    if (vcpu.state == exo::VcpuState::in_call && vcpu.long_call == &exo::repossession)
        count.to_any(static_cast<const exo::Env&>(*vcpu.object).account->taking);
    if (vcpu.state == exo::VcpuState::watching)
        for (std::uint32_t i = 0; i < vcpu.watch.predicate.word_count; ++i)
            count.to_frame(exo::FrameTable::frame_at(vcpu.watch.words[i]).value);
    if (vcpu.area != nullptr) count.to_frame(vcpu.area_frame.value);
}

/// What an environment and its vCPUs refer to beside capabilities and mappings.
void count_own(const exo::Env& env, References& count) {
    if (env.vcpu == nullptr) return;
    if (env.started) count.to(&env);
    count.to(env.end_notification);
    for (const exo::Vcpu* vcpu = env.vcpu; vcpu != nullptr; vcpu = vcpu->next)
        count_of_vcpu(*vcpu, count);
}

void compare(const exo::Object& object, const References& count, const char* what) {
    const std::uint32_t counted = count.objects[count.view->place_of(object)];
    if (object.references != counted)
        violated("An object's reference count is the number of its references.",
                 std::string(what) + ": " + std::to_string(object.references) + ", counted " +
                     std::to_string(counted));
}

}  // namespace

void check_references(const KernelView& view) {
    References count{&view};
    for (const exo::Env* env : view.envs()) {
        count.env = env;
        count_capabilities(*env, count);
        if (KernelView::has_space(*env)) count_mappings(*env, count);
        count.env = nullptr;
        count_own(*env, count);
    }
    count.to(&view.root_account());
    for (const exo::Account* account : view.accounts())
        count.to(account->time_told);
    ++count.runs[exo::info_pages.first_frame().value];
    count.to(exo::console.input_notification);
    count.to(exo::memory_watch.told);
    count.to(&exo::console);
    count.to(&machine_object());

    for (const exo::Env* env : view.envs())
        compare(*env, count, "environment");
    compare(exo::console, count, "console");
    compare(machine_object(), count, "machine");
    for (const exo::Vcpu* vcpu : view.vcpus())
        compare(*vcpu, count, "vCPU");
    for (const exo::Slice* slice : view.slices())
        compare(*slice, count, "slice");
    for (const exo::Account* account : view.accounts()) {
        compare(*account, count, "account");
        if (account->references == 0 && account->used == 0)
            violated("An account without references and charges is freed.", "it is there");
    }
    for (const exo::Notification* notification : view.notifications())
        compare(*notification, count, "notification");
    for (const exo::Gate* gate : view.gates())
        compare(*gate, count, "gate");
    for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
        const exo::FrameInfo& info = KernelView::info(frame);
        if (info.state == exo::FrameState::run_head && info.references != count.runs[frame])
            violated("A run's reference count is the number of its references.",
                     "frame " + std::to_string(frame) + ": " + std::to_string(info.references) +
                         ", counted " + std::to_string(count.runs[frame]));
    }
}

}  // namespace sim
