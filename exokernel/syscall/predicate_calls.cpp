// exokernel/syscall/predicate_calls.cpp - system calls that wait for predicates, and poke who does.
#include "arch/machine.hpp"
#include "exokernel/cpu/chain.hpp"
#include "exokernel/cpu/predicate.hpp"
#include "exokernel/cpu/watch.hpp"
#include "exokernel/env/revoke.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/memory/user_memory.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo::calls {
namespace {

/// The capability for a word that may be read. Errors: bad_handle, wrong_type, missing_right,
/// bad_argument (misaligned, or not in its frames), busy (being revoked).
Result<CapSlot*> readable(CapTable& caps, const lamina::PredicateWord& word) {
    LAMINA_TRY(CapSlot* const cap, caps.lookup(word.frames, ObjectType::frames, Rights::read));
    if (word.offset % sizeof(std::uint64_t) != 0 || word.offset / page_size >= cap->count)
        return lamina::fail(Status::bad_argument);
    if (being_revoked(*cap)) return lamina::fail(Status::busy);
    return cap;
}

}  // namespace

Result<std::uint64_t> predicate_wait(user_address predicate, word deadline_ns) {
    Env& env = caller();
    lamina::Predicate given;
    LAMINA_TRY(const UserRange range,
               UserRange::check(env.space, predicate, sizeof given, false, env.failed_address));
    range.copy_in(&given);
    LAMINA_CHECK(check_predicate(given));
    CapSlot* by[lamina::predicate_words_max];
    const std::uint64_t* words[lamina::predicate_words_max];
    for (std::uint32_t i = 0; i < given.word_count; ++i) {
        LAMINA_TRY(by[i], readable(env.caps, given.words[i]));
        const auto* const run = static_cast<std::byte*>(FrameTable::contents({by[i]->first}));
        words[i] = reinterpret_cast<const std::uint64_t*>(run + given.words[i].offset);
    }
    if (predicate_holds(given, words)) return 0;
    if (deadline_ns <= arch::now_ns()) return lamina::fail(Status::timed_out);
    CpuLocal& cpu = this_cpu();
    cpu.must_dispatch = 1;
    // Another CPU may have ended the caller on its way in: it neither waits nor goes on.
    if (cpu.running->state == VcpuState::ready)
        begin_watch(*cpu.running, given, words, by, deadline_ns);
    return 0;  // replaced by whoever ends the wait
}

Result<std::uint64_t> vcpu_poke(handle vcpu) {
    LAMINA_TRY(const Capability* cap, caller().caps.lookup(vcpu, ObjectType::vcpu, Rights::signal));
    auto& poked = static_cast<Vcpu&>(*cap->object);
    if (poked.state == VcpuState::watching) notify_cpu(base_of(poked).home);
    return 0;
}

}  // namespace exo::calls
