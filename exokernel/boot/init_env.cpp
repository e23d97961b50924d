// exokernel/boot/init_env.cpp - loading and starting init.
#include "exokernel/boot/init_env.hpp"

#include <algorithm>
#include <cstring>

#include "arch/machine.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/env/console.hpp"
#include "exokernel/env/info_pages.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "lamina/archive.hpp"
#include "lamina/elf.hpp"

namespace exo::boot {
namespace {

constexpr std::uint32_t stack_pages = 16;
constinit Object machine = {ObjectType::machine, 0, 1};

/// Copies the part of a segment's contents that belongs to the page at `address`.
void fill_page(const lamina::ElfSegment& segment, std::uint64_t address, std::byte* page) {
    const std::uint64_t start = std::max(address, segment.address);
    const std::uint64_t end =
        std::min(address + page_size, segment.address + segment.contents.size());
    if (start < end)
        std::memcpy(page + (start - address), segment.contents.data() + (start - segment.address),
                    end - start);
}

/// Maps a new run for good: nobody holds a capability for it.
Result<void> give_pages(Env& env, std::uint64_t address, FrameNumber first, std::uint32_t count,
                        Protection protection) {
    CapSlot source;
    static_cast<Capability&>(source) = frames.capability(first, count, Rights::none);
    source.children.close();
    source.siblings.join(frames.run_of(first).roots);
    const auto mapped = env.space.map(address, source, 0, count, {protection, protection});
    source.siblings.give_way_to(source.children);
    frames.release(first);
    return mapped;
}

Result<void> load_segment(Env& env, const lamina::ElfSegment& segment) {
    const auto pages = std::uint32_t(segment.page_count());
    LAMINA_TRY(const FrameNumber first, frames.alloc_run(pages, *env.account));
    auto* memory = static_cast<std::byte*>(FrameTable::contents(first));
    for (std::uint32_t i = 0; i < pages; ++i)
        fill_page(segment, segment.first_page() + i * page_size, memory + i * page_size);
    return give_pages(env, segment.first_page(), first, pages, segment.protection);
}

Capability capability(ObjectType type, Object* object, Rights rights) {
    Capability made;
    made.type = type;
    made.object = object;
    made.rights = rights;
    return made;
}

void give_run(Env& env, std::uint32_t slot, FrameNumber first, std::uint32_t count) {
    env.caps.insert(**env.caps.fixed_slot(slot),
                    frames.capability(first, count, Rights::read | Rights::copy),
                    &frames.run_of(first).roots);
}

/// The archive's frames and what init is in it.
Result<Env*> load_init(const BootInfo& boot, Account& root) {
    const std::span<const std::byte> file(
        static_cast<const std::byte*>(arch::direct_map({boot.archive.start})),
        boot.archive.bytes());
    LAMINA_TRY(const lamina::Archive archive, lamina::Archive::open(file));
    LAMINA_TRY(const auto program, archive.find("init", lamina::ArchiveKind::app));
    LAMINA_TRY(const lamina::ElfFile elf, lamina::ElfFile::open(program));

    const Capability account = capability(ObjectType::account, &root, Rights::all);
    LAMINA_TRY(Env* const env, create_env({"init", account, nullptr, nullptr, 0, 0, 0}));
    for (const lamina::ElfSegment& segment : elf.segments())
        LAMINA_CHECK(load_segment(*env, segment));
    constexpr std::uint64_t stack_top = lamina::user_end - page_size;
    LAMINA_TRY(const FrameNumber stack, frames.alloc_run(stack_pages, root));
    LAMINA_CHECK(give_pages(*env, stack_top - stack_pages * page_size, stack, stack_pages,
                            Protection::read | Protection::write));
    LAMINA_CHECK(start_env(*env, elf.entry(), stack_top, 0));
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
    give_run(env, slots::info, info_pages.first_frame(), InfoPageWriter::page_count);
}

}  // namespace exo::boot
