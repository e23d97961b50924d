// exokernel/env/objects.cpp - references to kernel objects, and what happens with the last one.
#include <utility>

#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/bound_slices.hpp"
#include "exokernel/env/env.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo {
namespace {

/// The frame of an account is charged to its parent and keeps that alive until here, so freeing it
/// may end the parent too. That is done after it, not inside it: a chain of accounts must not make
/// the stack as deep as it is long.
void destroy_account(Account& account) {
    static Account* next = nullptr;
    static bool destroying = false;
    if (Notification* const told = std::exchange(account.time_told, nullptr)) {
        // It may be the last that is charged here, and that would be the account's end.
        ++account.references;
        release_object(*told);
        --account.references;
    }
    if (account.used != 0) return;  // the end of what is charged to it will be its own
    next = &account;
    if (destroying) return;
    destroying = true;
    while (next != nullptr) {
        Account& here = *next;
        next = nullptr;
        LAMINA_ASSERT(here.used == 0 && here.parent != nullptr);
        // The account's own frame is left, so this is not the parent's end.
        if (here.parent->refund(here.limit)) settle_account(*here.parent);
        frames.free(FrameTable::frame_at(&here));
    }
    destroying = false;
}

Result<CapPage*> alloc_page(CapTable& table, Object& account) {
    LAMINA_TRY(const FrameNumber frame,
               frames.alloc(FrameState::capabilities, static_cast<Account*>(&account)));
    frames.info(frame).owner = &table;
    return static_cast<CapPage*>(FrameTable::contents(frame));
}

void free_page(CapPage* page) { frames.free(FrameTable::frame_at(page)); }

/// Any but a run of frames.
[[gnu::noinline]] void destroy_other(Object& object) {
    switch (object.type) {
        case ObjectType::account: destroy_account(static_cast<Account&>(object)); break;
        case ObjectType::env: {
            auto& env = static_cast<Env&>(object);
            // Nobody can reach it any more. If it never ran it still has to be taken down.
            if (env.vcpu != nullptr)
                (void)begin_end(env, lamina::EndCause::killed, lamina::status_killed);
            else
                frames.free(FrameTable::frame_at(&object));
            break;
        }
        case ObjectType::notification:
            if (Account* const asked = static_cast<Notification&>(object).reclaims)
                asked->told = nullptr;
            [[fallthrough]];
        case ObjectType::gate:
        case ObjectType::vcpu: frames.free(FrameTable::frame_at(&object)); break;
        case ObjectType::slice:
            unbind_slice(static_cast<Slice&>(object));
            detach_slice(static_cast<Slice&>(object));
            frames.free(FrameTable::frame_at(&object));
            break;
        default: panic("the last reference to a static object was dropped");
    }
}

}  // namespace

const CapOps cap_ops = {destroy_object, alloc_page, free_page};

/// Nothing of what was asked for is missing any more.
static void tell(Account& account) {
    Notification* const told = std::exchange(account.told, nullptr);
    if (told == nullptr) return;
    told->reclaims = nullptr;
    told->signal(account.told_bits);
}

void settle_account(Account& account) {
    // At most Account::depth_max steps. Those above have the frame of one below to pay for, so
    // this is not the end of any of them.
    for (Account* at = &account; at->owes(); at = at->parent) {
        const std::uint64_t paid = at->pay();
        if (!at->owes()) tell(*at);
        (void)at->parent->refund(paid);
    }
    if (account.references == 0) destroy_account(account);
}

void destroy_object(Object& object) {
    if (object.type == ObjectType::frames) [[likely]]
        return frames.free_run(static_cast<FrameInfo&>(object));
    destroy_other(object);
}

}  // namespace exo
