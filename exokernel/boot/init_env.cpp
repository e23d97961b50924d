// exokernel/boot/init_env.cpp - loading and starting init.
#include "exokernel/boot/init_env.hpp"

#include <cstring>
#include <iterator>

#include "arch/machine.hpp"
#include "exokernel/boot/init_image.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/env/console.hpp"
#include "exokernel/env/info_pages.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo::boot {
namespace {

constexpr std::uint32_t stack_pages = 16;
constinit Object machine = {ObjectType::machine, 0, 1};

Capability capability(ObjectType type, Object* object, Rights rights) {
    return {.type = type, .rights = rights, .object = object};
}

void give_run(Env& env, std::uint32_t slot, FrameNumber first, std::uint32_t count) {
    env.caps.insert(**env.caps.fixed_slot(slot),
                    frames.capability(first, count, Rights::read | Rights::copy),
                    &frames.run_of(first).roots);
}

/// Maps init's pages and a stack for good: nobody holds a capability for them.
Result<void> map_pages(Env& env, const InitImage& image, std::uint64_t stack_top) {
    const auto program_pages = std::uint32_t(image.pages.size() / page_size);
    const std::uint32_t count = program_pages + stack_pages;
    LAMINA_TRY(const FrameNumber first, frames.alloc_run(count, *env.account));
    std::memcpy(FrameTable::contents(first), image.pages.data(), image.pages.size());
    CapSlot run;
    static_cast<Capability&>(run) = frames.capability(first, count, Rights::none);
    run.children.close();
    run.siblings.join(frames.run_of(first).roots);
    std::uint32_t page = 0;
    for (unsigned part = 0; part < std::size(init_protection); ++part) {
        const std::uint32_t pages = image.header.page_count[part];
        const Protection use = init_protection[part];
        if (pages == 0) continue;
        LAMINA_CHECK(
            env.space.map(image.header.address + page * page_size, run, page, pages, {use, use}));
        page += pages;
    }
    constexpr Protection use = Protection::read | Protection::write;
    LAMINA_CHECK(
        env.space.map(stack_top - stack_pages * page_size, run, page, stack_pages, {use, use}));
    run.siblings.give_way_to(run.children);
    frames.release(first);
    return {};
}

Result<Env*> load_init(const BootInfo& boot, Account& root) {
    LAMINA_TRY(const InitImage image,
               find_init({static_cast<const std::byte*>(arch::direct_map({boot.archive.start})),
                          boot.archive.bytes()}));
    const Capability account = capability(ObjectType::account, &root, Rights::all);
    LAMINA_TRY(Env* const env, create_env({"init", account, nullptr, nullptr, 0, 0, 0}));
    constexpr std::uint64_t stack_top = lamina::user_end - page_size;
    LAMINA_CHECK(map_pages(*env, image, stack_top));
    LAMINA_CHECK(start_vcpu(*env->vcpu, image.header.entry, stack_top, 0));
    return env;
}

}  // namespace

void start_init(const BootInfo& boot, Account& root) {
    const auto loaded = load_init(boot, root);
    if (!loaded)
        panic("cannot start init: ", lamina::status_name(loaded.error()), ", ",
              lamina::status_cause(loaded.error()));
    Env& env = **loaded;
    env.essential = true;
    using namespace lamina;
    env.caps.insert(**env.caps.fixed_slot(slots::console),
                    capability(ObjectType::console, &console, Rights::all), nullptr);
    env.caps.insert(**env.caps.fixed_slot(slots::machine),
                    capability(ObjectType::machine, &machine, Rights::all), nullptr);
    give_run(env, slots::archive, frame_of({boot.archive.start}),
             std::uint32_t((page_ceil(boot.archive.bytes())) / page_size));
    frames.release(frame_of({boot.archive.start}));  // boot's own reference
    give_run(env, slots::info, info_pages.first_frame(), info_pages.page_count());
    give_run(env, slots::frame_states, FrameTable::frame_at(&frames.info({0})),
             frame_table_pages());
}

}  // namespace exo::boot
