// libos/linux/start.cpp - sets the libOS up under a program with a C library and starts it.
#include <cpuid.h>

#include <array>

#include "lamina/start.hpp"
#include "libos/console/console.hpp"
#include "libos/info/info.hpp"
#include "libos/linux/deliver.hpp"
#include "libos/linux/memory.hpp"
#include "libos/linux/process.hpp"
#include "libos/linux/start_stack.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vm/layout.hpp"

extern "C" {

// The C library's entry in an app that is linked with the libOS; nothing in the libOS's own image.
[[gnu::weak]] void lamina_program_start();

// By the linker: the ELF header of the program this is linked into.
extern const lamina::ElfHeader __ehdr_start;

// In entry.S.
void libos_linux_call();
[[noreturn]] void libos_linux_start_program(std::uint64_t stack, std::uint64_t entry);

// Called by entry.S before anything is set up.
bool libos_linux_on_lamina();

}  // extern "C"

namespace libos::linux_abi {

namespace {

// The program to run: the one in the start block, or the one this is linked into.
lamina::StartProgram find_program() {
    const auto& block = *reinterpret_cast<const lamina::StartBlock*>(layout::start_block);
    if (block.program.entry != 0 || &lamina_program_start == nullptr) return block.program;
    return {reinterpret_cast<std::uint64_t>(&lamina_program_start),
            reinterpret_cast<std::uint64_t>(&__ehdr_start) + __ehdr_start.program_headers,
            __ehdr_start.program_header_count};
}

std::uint64_t hardware_bits() {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 ? d : 0;
}

std::optional<std::uint64_t> make_stack(const lamina::StartProgram& program,
                                        std::span<const std::string_view> arguments) {
    constexpr std::uint64_t ticks_per_second = 100;
    constexpr std::uint64_t fsgsbase = 2;
    constexpr std::uint64_t signal_frame_bytes = 2048;  // without extended state
    const auto info = info_pages();
    const AuxEntry aux[] = {
        {Aux::hardware, hardware_bits()},
        {Aux::page_size, lamina::page_size},
        {Aux::ticks_per_second, ticks_per_second},
        {Aux::program_headers, program.program_headers},
        {Aux::program_header_bytes, sizeof(lamina::ElfProgramHeader)},
        {Aux::program_header_count, program.program_header_count},
        {Aux::base, 0},
        {Aux::flags, 0},
        {Aux::entry, program.entry},
        {Aux::user, 0},
        {Aux::effective_user, 0},
        {Aux::group, 0},
        {Aux::effective_group, 0},
        {Aux::secure, 0},
        {Aux::hardware2, fsgsbase},
        {Aux::signal_stack_bytes_min, signal_frame_bytes + (info ? (*info)->page.xsave_bytes : 0)},
    };
    // What programs ask for most; sorted by name.
    constexpr std::string_view environment[] = {"HOME=/", "LANG=C", "PATH=/bin", "PWD=/",
                                                "USER=root"};
    StartStack start = {arguments, environment, aux, arguments[0], "x86_64", {}};
    fill_random(std::as_writable_bytes(std::span(start.random)));
    const auto stack = memory().stack();
    return build_start_stack(start, stack, reinterpret_cast<std::uint64_t>(stack.data()));
}

[[noreturn]] void refuse(std::string_view why) {
    print("libos: ", process_name(), ": ", why, "\n");
    libos::exit(status_start_failed);
}

}  // namespace

}  // namespace libos::linux_abi

// The null call has no meaning on Linux: there its number, without the tag, is read(), and fails.
bool libos_linux_on_lamina() {
    using lamina::Call;
    const auto reply = libos::sys::enter(libos::sys::tagged(Call::null), ~std::uint64_t{0});
    return std::int32_t(reply.status) >= 0;
}

int lamina_main(std::span<const std::string_view> arguments) {
    using namespace libos::linux_abi;
    set_process_name(arguments[0]);
    const auto program = find_program();
    if (program.entry == 0)
        refuse("this is the library OS of foreign programs, and has no program of its own");
    const std::span headers(
        reinterpret_cast<const lamina::ElfProgramHeader*>(program.program_headers),
        program.program_header_count);
    if (!memory().adopt(headers)) refuse("no memory to start the program");
    start_signals();
    if (!libos::start_upcalls(reinterpret_cast<std::uint64_t>(&libos_linux_call)))
        refuse("no upcalls");
    const auto stack = make_stack(program, arguments);
    if (!stack) refuse("the arguments do not fit the stack");
    libos_linux_start_program(*stack, program.entry);
}
