// libos/loader/loader.cpp - starts an app in an environment of its own.
#include "libos/loader/loader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "lamina/elf.hpp"
#include "lamina/report.hpp"
#include "lamina/start.hpp"
#include "libos/rt/arguments.hpp"
#include "libos/sys/calls.hpp"
#include "libos/vm/layout.hpp"
#include "libos/vm/mapping.hpp"

namespace libos {

namespace {

using lamina::fail;
using lamina::Protection;
using lamina::Result;
using lamina::Rights;
using lamina::Status;

// Ends an environment that never ran and waits until all it held is free again.
void undo(const SpawnRequest& request, lamina::Handle env) {
    (void)sys::env_end(env, 0);
    lamina::EnvReport report;
    for (;;) {
        const auto reported = sys::env_report(env, &report);
        if (reported || reported.error() != Status::not_ended) break;
        (void)sys::vcpu_yield();
    }
    if (request.notification != lamina::Handle::null && request.end_bits != 0)
        (void)sys::notification_wait(request.notification, request.end_bits, lamina::no_wait);
}

// Puts pages [first, first + pages) of a segment into the environment.
Result<void> load_piece(lamina::Handle account, lamina::Handle env,
                        const lamina::ElfSegment& segment, std::uint64_t first,
                        std::uint64_t pages) {
    LAMINA_TRY(const OwnedHandle frames, own(sys::frames_alloc(account, pages)));
    const auto piece_address = segment.first_page() + first * lamina::page_size;
    const auto from = std::max(piece_address, segment.address);
    const auto to = std::min(piece_address + pages * lamina::page_size,
                             segment.address + segment.contents.size());
    if (from < to) {
        LAMINA_TRY(const Mapping here,
                   Mapping::create(frames.get(), 0, pages, Protection::read | Protection::write));
        std::memcpy(here.bytes().data() + (from - piece_address),
                    segment.contents.data() + (from - segment.address), to - from);
    }
    return sys::frames_map(env, frames.get(), 0, pages, piece_address, segment.protection);
}

Result<void> load_segment(lamina::Handle account, lamina::Handle env,
                          const lamina::ElfSegment& segment) {
    const auto pages = segment.page_count();
    for (std::uint64_t first = 0; first < pages;) {
        const auto piece = std::min(pages - first, lamina::pages_per_call_max);
        LAMINA_CHECK(load_piece(account, env, segment, first, piece));
        first += piece;
    }
    return {};
}

Result<void> make_stack(lamina::Handle account, lamina::Handle env, std::uint64_t pages) {
    LAMINA_TRY(const OwnedHandle frames, own(sys::frames_alloc(account, pages)));
    return sys::frames_map(env, frames.get(), 0, pages,
                           layout::stack_end - pages * lamina::page_size,
                           Protection::read | Protection::write);
}

Result<void> make_start_block(lamina::Handle account, lamina::Handle env,
                              const SpawnRequest& request, const lamina::StartProgram& program) {
    std::array<std::string_view, arguments_max> arguments;
    if (request.arguments.size() >= arguments_max) return fail(Status::bad_argument);
    arguments[0] = request.name;
    std::copy(request.arguments.begin(), request.arguments.end(), arguments.begin() + 1);
    LAMINA_TRY(const OwnedHandle frames, own(sys::frames_alloc(account, 1)));
    {
        LAMINA_TRY(const Mapping here,
                   Mapping::create(frames.get(), 0, 1, Protection::read | Protection::write));
        auto& block = *reinterpret_cast<lamina::StartBlock*>(here.bytes().data());
        if (!join_arguments({arguments.data(), request.arguments.size() + 1}, block))
            return fail(Status::bad_argument);
        block.program = program;
    }
    LAMINA_CHECK(sys::cap_copy(env, frames.get(), Rights::read, lamina::slots::start));
    return sys::frames_map(env, frames.get(), 0, 1, layout::start_block, Protection::read);
}

// What an environment is filled with: an app, or a foreign program and its libOS.
struct Images {
    lamina::ElfFile started;
    std::optional<lamina::ElfFile> program;

    lamina::StartProgram start_program() const {
        if (!program) return {};
        return {program->entry(), program->program_headers(), program->program_header_count()};
    }
};

// Whether every segment stays out of [first, end).
bool keeps_out(const lamina::ElfFile& elf, std::uint64_t first, std::uint64_t end) {
    return std::ranges::all_of(elf.segments(), [&](const lamina::ElfSegment& segment) {
        return segment.address >= end || segment.address + segment.memory_bytes <= first;
    });
}

Result<Images> open_images(const SpawnRequest& request) {
    LAMINA_TRY(const lamina::ElfFile elf, lamina::ElfFile::open(request.elf));
    if (elf.native()) return Images{elf, {}};
    if (request.libos.empty()) return fail(Status::elf_foreign);
    LAMINA_TRY(const lamina::ElfFile libos, lamina::ElfFile::open(request.libos));
    if (!keeps_out(libos, lamina::user_start, lamina::libos_image_start) ||
        !keeps_out(libos, lamina::libos_image_end, lamina::user_end) ||
        !keeps_out(elf, lamina::libos_image_start, lamina::libos_image_end))
        return fail(Status::elf_segment_range);
    // The libOS and the C library read them in memory.
    if (elf.program_headers() == 0) return fail(Status::elf_bad_header);
    return Images{libos, elf};
}

Result<void> load(const lamina::ElfFile& elf, lamina::Handle account, lamina::Handle env) {
    for (const auto& segment : elf.segments())
        LAMINA_CHECK(load_segment(account, env, segment));
    return {};
}

Result<void> fill(const SpawnRequest& request, const Images& images, lamina::Handle account,
                  lamina::Handle env) {
    LAMINA_CHECK(load(images.started, account, env));
    if (images.program) LAMINA_CHECK(load(*images.program, account, env));
    LAMINA_CHECK(make_stack(account, env, request.stack_pages));
    LAMINA_CHECK(make_start_block(account, env, request, images.start_program()));
    for (const auto& grant : request.grants)
        LAMINA_CHECK(sys::cap_copy(env, grant.source, grant.rights, grant.slot));
    return sys::env_start(env, images.started.entry(), layout::stack_end, layout::start_block);
}

}  // namespace

Result<Child> spawn(const SpawnRequest& request) {
    if (request.stack_pages == 0 || request.stack_pages > layout::stack_pages_max)
        return fail(Status::bad_argument);
    LAMINA_TRY(const Images images, open_images(request));
    LAMINA_TRY(OwnedHandle account,
               own(sys::account_create(request.account, request.quota_frames)));
    LAMINA_TRY(OwnedHandle env,
               own(sys::env_create(account.get(), request.name.data(), request.name.size(),
                                   request.notification, request.end_bits, request.cpu)));
    lamina::CapInfo info = {};
    auto filled = sys::cap_inspect(env.get(), &info);
    if (filled) filled = fill(request, images, account.get(), env.get());
    if (!filled) {
        undo(request, env.get());
        return fail(filled.error());
    }
    if (!request.keep_account) account = {};
    return Child{std::move(env), info.id, std::move(account)};
}

}  // namespace libos
