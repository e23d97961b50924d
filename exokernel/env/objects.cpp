// exokernel/env/objects.cpp - references to kernel objects, and what happens with the last one.
#include "arch/machine.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/env/env.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo {
namespace {

/// The frame an object lies at the start of.
FrameNumber frame_of_object(const Object& object) {
    const auto offset =
        reinterpret_cast<const std::byte*>(&object) - static_cast<std::byte*>(arch::direct_map({}));
    return frame_of({std::uint64_t(offset)});
}

void destroy_account(Account& account) {
    LAMINA_ASSERT(account.used == 0 && account.parent != nullptr);
    // The frame of the account itself is charged to the parent and keeps it alive until here.
    account.parent->refund(account.limit);
    frames.free(frame_of_object(account));
}

void acquire(const Capability& capability) {
    if (capability.type == ObjectType::frames)
        frames.acquire({capability.first});
    else
        ++capability.object->references;
}

void release(const Capability& capability) {
    if (capability.type == ObjectType::frames)
        frames.release({capability.first});
    else
        release_object(*capability.object);
}

}  // namespace

const CapOps cap_ops = {acquire, release};

void release_object(Object& object) {
    LAMINA_ASSERT(object.references != 0);
    if (--object.references != 0) return;
    switch (object.type) {
        case ObjectType::account: destroy_account(static_cast<Account&>(object)); break;
        case ObjectType::env: {
            auto& env = static_cast<Env&>(object);
            // Nobody can reach it any more. If it never ran it still has to be taken down.
            if (env.vcpu != nullptr)
                (void)begin_end(env, lamina::EndCause::killed, lamina::status_killed);
            else
                frames.free(frame_of_object(object));
            break;
        }
        case ObjectType::vcpu:
        case ObjectType::notification: frames.free(frame_of_object(object)); break;
        default: panic("the last reference to a static object was dropped");
    }
}

}  // namespace exo
