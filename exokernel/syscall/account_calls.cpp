// exokernel/syscall/account_calls.cpp - system calls on accounts.
#include "exokernel/env/info_pages.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo::calls {

Result<std::uint64_t> account_create(handle account, word limit_frames) {
    CapTable& caps = caller().caps;
    LAMINA_TRY(const Capability* cap, caps.lookup(account, ObjectType::account, Rights::spend));
    auto& parent = static_cast<Account&>(*cap->object);
    if (limit_frames == 0) return lamina::fail(Status::bad_argument);
    if (parent.depth == Account::depth_max) return lamina::fail(Status::limit_reached);
    LAMINA_CHECK(parent.charge(limit_frames));
    const auto refund = [&](Status why) {
        (void)parent.refund(limit_frames);
        return lamina::fail(why);
    };
    const auto frame = frames.alloc(FrameState::object, &parent);
    if (!frame) return refund(frame.error());
    const auto place = caps.free_slot();
    if (!place) {
        frames.free(*frame);
        return refund(place.error());
    }
    auto& made = *static_cast<Account*>(FrameTable::contents(*frame));
    made.type = ObjectType::account;
    made.parent = &parent;
    made.limit = limit_frames;
    made.depth = parent.depth + 1;
    const Capability given{.type = ObjectType::account,
                           .rights = Rights::spend | Rights::reclaim | Rights::copy,
                           .object = &made};
    return std::uint64_t(caps.insert(**place, given, nullptr));
}

Result<std::uint64_t> account_end(handle account, word id, word status) {
    LAMINA_TRY(const Capability* cap,
               caller().caps.lookup(account, ObjectType::account, Rights::reclaim));
    if (status > 255) return lamina::fail(Status::bad_argument);
    Env* const target = info_pages.find(id);
    if (target == nullptr) return lamina::fail(Status::ended);
    const Account* payer = target->account;
    while (payer != nullptr && payer != cap->object)
        payer = payer->parent;
    if (payer == nullptr) return lamina::fail(Status::bad_argument);
    LAMINA_CHECK(begin_end(*target, lamina::EndCause::killed, std::uint32_t(status)));
    return 0;
}

}  // namespace exo::calls
