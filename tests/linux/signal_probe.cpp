// tests/linux/signal_probe.cpp - takes signals and prints what its handlers found: the same on
// Linux. Built twice, linked with the libOS and not.
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <xmmintrin.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

extern "C" {
// In registers.S.
std::uint64_t probe_before[17];
std::uint64_t probe_after[17];
std::uint64_t probe_red_zone[16];
std::uint64_t probe_vectors_before[32];
std::uint64_t probe_vectors_after[32];
void probe_call();
}

namespace {

using Handler = void (*)(int, siginfo_t*, void*);

const auto page = std::size_t(sysconf(_SC_PAGESIZE));
sigjmp_buf way_out;
// Of the handler that ran last.
siginfo_t seen;
std::uint64_t seen_rip;
volatile int runs;

greg_t* registers_of(void* context) { return static_cast<ucontext_t*>(context)->uc_mcontext.gregs; }

void handle(int signal, Handler handler, int flags = 0, std::initializer_list<int> mask = {}) {
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    for (const int other : mask)
        sigaddset(&action.sa_mask, other);
    if (sigaction(signal, &action, nullptr) != 0) std::printf("sigaction: %d\n", errno);
}

void remember(int signal, siginfo_t* info, void* context) {
    seen = *info;
    seen_rip = std::uint64_t(registers_of(context)[REG_RIP]);
    runs = runs + 1;
    if (signal != info->si_signo) std::printf("%d is not %d\n", signal, info->si_signo);
}

void jump_out(int signal, siginfo_t* info, void* context) {
    remember(signal, info, context);
    siglongjmp(way_out, 1);
}

// Goes on behind an instruction of so many bytes.
template <int bytes>
void skip(int signal, siginfo_t* info, void* context) {
    remember(signal, info, context);
    registers_of(context)[REG_RIP] += bytes;
}

void tell(const char* what) {
    std::printf("%s: signal %d code %d\n", what, seen.si_signo, seen.si_code);
    seen = {};
}

void tell_address(const char* what, const void* expected) {
    std::printf("%s: signal %d code %d, address %s\n", what, seen.si_signo, seen.si_code,
                seen.si_addr == expected  ? "as expected"
                : seen.si_addr == nullptr ? "0"
                                          : "other");
    seen = {};
}

char* map(std::size_t pages, int protection) {
    return static_cast<char*>(
        mmap(nullptr, pages * page, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

// --- signals by a call

void told(const char* what, int result) {
    std::printf("%s: %d", what, result);
    if (result == -1) std::printf(" %s", std::strerror(errno));
    std::printf(", runs %d\n", runs);
}

void by_calls() {
    handle(SIGUSR1, remember);
    told("raise", raise(SIGUSR1));
    std::printf("sender: %d\n", seen.si_pid == getpid() && seen.si_uid == getuid());
    tell("raise");
    told("kill", kill(getpid(), SIGUSR1));
    tell("kill");
    signal(SIGUSR1, SIG_IGN);
    told("ignored", raise(SIGUSR1));
    handle(SIGUSR1, remember, int(SA_RESETHAND));
    told("once", raise(SIGUSR1));
    struct sigaction now = {};
    sigaction(SIGUSR1, nullptr, &now);
    std::printf("then: %d\n", now.sa_handler == SIG_DFL);
}

void masks() {
    static char order[16];
    static int count;
    const Handler note = [](int signal, siginfo_t*, void*) {
        order[count++] = signal == SIGUSR1 ? '1' : '2';
    };
    sigset_t both;
    sigset_t waiting;
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    handle(SIGUSR1, note);
    handle(SIGUSR2, note);
    sigprocmask(SIG_BLOCK, &both, nullptr);
    raise(SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR1);
    sigpending(&waiting);
    std::printf("blocked: %d, waiting %d %d\n", count, sigismember(&waiting, SIGUSR1),
                sigismember(&waiting, SIGUSR2));
    sigprocmask(SIG_UNBLOCK, &both, nullptr);
    std::printf("unblocked: %.*s\n", count, order);
    // A waiting signal that becomes ignored is gone.
    sigprocmask(SIG_BLOCK, &both, nullptr);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    sigpending(&waiting);
    std::printf("ignored: %d\n", sigismember(&waiting, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &both, nullptr);
    std::printf("after: %d\n", count);
}

void nesting() {
    static int depth;
    static int deepest;
    const Handler again = [](int signal, siginfo_t*, void*) {
        if (++depth > deepest) deepest = depth;
        runs = runs + 1;
        if (runs < 4) raise(signal);
        --depth;
    };
    runs = 0;
    handle(SIGUSR1, again);
    raise(SIGUSR1);
    std::printf("deferred: runs %d, depth %d\n", runs, deepest);
    runs = 0;
    deepest = 0;
    handle(SIGUSR1, again, SA_NODEFER);
    raise(SIGUSR1);
    std::printf("not deferred: runs %d, depth %d\n", runs, deepest);
    // While the handler runs, the signals of its mask wait, and come when it returns.
    static int state;
    handle(SIGUSR2, [](int, siginfo_t*, void*) { state = state * 10 + 2; });
    const Handler blocks = [](int, siginfo_t*, void*) {
        raise(SIGUSR2);
        state = state * 10 + 1;
    };
    handle(SIGUSR1, blocks, 0, {SIGUSR2});
    raise(SIGUSR1);
    std::printf("with a mask: %d\n", state);
    state = 0;
    handle(SIGUSR1, blocks);
    raise(SIGUSR1);
    std::printf("without: %d\n", state);
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, nullptr, &blocked);
    std::printf("after: %d %d\n", sigismember(&blocked, SIGUSR1), sigismember(&blocked, SIGUSR2));
}

// All registers, flags, vectors and the red zone, across a handler that uses them.
void registers() {
    handle(SIGUSR1, [](int, siginfo_t*, void*) {
        runs = runs + 1;
        asm volatile("std\n cld\n vzeroall\n fninit" : : : "xmm0", "xmm1", "xmm15", "memory");
        char text[64];
        std::snprintf(text, sizeof text, "%g %d", 1.5 * runs, runs);
    });
    runs = 0;
    int changed = 0;
    for (int round = 0; round < 200; ++round) {
        for (std::uint64_t i = 0; i < 15; ++i)
            probe_before[i] = 0x0123'4567'0000'0000 + i;
        for (std::uint64_t i = 0; i < 32; ++i)
            probe_vectors_before[i] = 0xfedc'ba98'0000'0000 + i;
        probe_before[0] = SYS_kill;
        probe_before[5] = std::uint64_t(getpid());
        probe_before[4] = SIGUSR1;
        probe_call();
        for (int i = 1; i < 16; ++i)
            if (i != 2 && i != 10) changed += probe_after[i] != probe_before[i];
        for (std::uint64_t i = 0; i < 16; ++i)
            changed += probe_red_zone[i] != 0x11'2233'0000 + (i + 1) * 8;
        changed += std::memcmp(probe_vectors_before, probe_vectors_after,
                               sizeof probe_vectors_before) != 0;
        constexpr std::uint64_t direction_and_carry = 0x401;
        changed += (probe_after[16] & direction_and_carry) != direction_and_carry;
    }
    std::printf("runs %d, changed %d\n", runs, changed);
}

// --- signals by an exception

void memory_faults() {
    handle(SIGSEGV, jump_out);
    volatile char* volatile const nowhere = reinterpret_cast<volatile char*>(24);
    if (sigsetjmp(way_out, 1) == 0) *nowhere = 1;
    tell_address("write to nowhere", const_cast<char*>(nowhere));
    if (sigsetjmp(way_out, 1) == 0) std::printf("%d", *nowhere);
    tell_address("read from nowhere", const_cast<char*>(nowhere));
    char* const memory = map(2, PROT_READ);
    if (sigsetjmp(way_out, 1) == 0) memory[page + 5] = 1;
    tell_address("write to a page without frames", memory + page + 5);
    if (sigsetjmp(way_out, 1) == 0) memory[*memory + 3] = 1;
    tell_address("write to a page in use", memory + 3);
    if (sigsetjmp(way_out, 1) == 0) reinterpret_cast<void (*)()>(memory)();
    tell_address("jump to data", memory);
    if (sigsetjmp(way_out, 1) == 0) *reinterpret_cast<volatile char*>(0x8000'0000'0000'0000) = 1;
    tell_address("an address that is none", nullptr);
    // A handler may put it right and have the instruction repeated.
    static char* page_to_open;
    page_to_open = memory;
    handle(SIGSEGV, [](int, siginfo_t*, void*) {
        runs = runs + 1;
        mprotect(page_to_open, page, PROT_READ | PROT_WRITE);
    });
    runs = 0;
    *static_cast<volatile char*>(memory + 7) = 'x';
    std::printf("repeated: %c, runs %d\n", memory[7], runs);
    signal(SIGSEGV, SIG_DFL);
}

// Pages without any access keep what is in them.
void no_access() {
    handle(SIGSEGV, jump_out);
    constexpr std::size_t pages = 40;
    char* memory = map(pages, PROT_READ | PROT_WRITE);
    for (std::size_t i = 0; i < pages; i += 2)
        memory[i * page] = char('a' + i % 26);
    mprotect(memory + 4 * page, 30 * page, PROT_NONE);
    for (const std::size_t i : {4, 5, 20, 33}) {
        if (sigsetjmp(way_out, 1) == 0) std::printf("%d\n", memory[i * page]);
        tell_address("read", memory + i * page);
        if (sigsetjmp(way_out, 1) == 0) memory[i * page] = 1;
        tell_address("write", memory + i * page);
    }
    std::printf("beside: %d %d %d\n", memory[2 * page], memory[3 * page], memory[34 * page]);
    mprotect(memory + 10 * page, 4 * page, PROT_READ);
    if (sigsetjmp(way_out, 1) == 0) memory[10 * page] = 1;
    tell_address("write to the readable", memory + 10 * page);
    madvise(memory + 14 * page, 2 * page, MADV_DONTNEED);
    munmap(memory + 18 * page, page);
    mprotect(memory + 19 * page, 15 * page, PROT_READ | PROT_WRITE);
    memory[30 * page] += 1;
    mprotect(memory + 4 * page, 14 * page, PROT_READ | PROT_WRITE);
    for (std::size_t i = 0; i < pages; ++i)
        if (i != 18) std::printf("%d ", memory[i * page]);
    std::printf("\n");
    mprotect(memory, 18 * page, PROT_NONE);
    memory = static_cast<char*>(mremap(memory, 18 * page, 100 * page, MREMAP_MAYMOVE));
    if (sigsetjmp(way_out, 1) == 0) std::printf("%d\n", memory[2 * page]);
    tell_address("moved", memory + 2 * page);
    mprotect(memory, 100 * page, PROT_READ);
    std::printf("moved: %d %d %d\n", memory[2 * page], memory[16 * page], memory[99 * page]);
    signal(SIGSEGV, SIG_DFL);
}

void instructions() {
    extern const char divides[] asm("probe_divides"), undefined[] asm("probe_undefined"),
        behind[] asm("probe_behind");
    handle(SIGFPE, skip<2>);
    int quotient = 7;
    asm volatile("probe_divides: divl %%ecx" : "+a"(quotient) : "c"(0), "d"(0) : "memory");
    tell_address("divide", divides);
    handle(SIGILL, skip<2>);
    asm volatile("probe_undefined: ud2" : : : "memory");
    tell_address("undefined", undefined);
    handle(SIGTRAP, remember);
    asm volatile("int3\n probe_behind:" : : : "memory");
    std::printf("behind: %d\n", seen_rip == std::uint64_t(behind));
    tell_address("breakpoint", nullptr);
    handle(SIGSEGV, skip<1>);
    asm volatile("hlt" : : : "memory");
    tell_address("halt", nullptr);
    // Three steps, then none.
    handle(SIGTRAP, [](int signal, siginfo_t* info, void* context) {
        remember(signal, info, context);
        if (runs == 3) registers_of(context)[REG_EFL] &= ~greg_t{0x100};
    });
    runs = 0;
    asm volatile("pushfq\n orq $0x100, (%%rsp)\n popfq\n nop\n nop\n nop\n nop" : : : "memory");
    std::printf("steps: %d\n", runs);
    tell("step");
    std::printf("single step is over\n");
}

// The handler starts with clean registers, and may change those that the program goes on with. Of
// SSE exceptions there is none: QEMU does not raise them.
void floating_point() {
    const Handler change = [](int signal, siginfo_t* info, void* context) {
        remember(signal, info, context);
        auto* const state = static_cast<ucontext_t*>(context)->uc_mcontext.fpregs;
        std::printf("in the handler %x, before %x\n", _mm_getcsr(), state->mxcsr);
        state->mxcsr = 0x3f80;
        state->cwd = 0x37f;
        state->swd = 0;
    };
    constexpr std::uint32_t rounds_down = 0x3f80;
    constexpr std::uint32_t rounds_up = 0x5f80;
    handle(SIGUSR1, change);
    _mm_setcsr(rounds_up);
    raise(SIGUSR1);
    std::printf("after: %d\n", _mm_getcsr() == rounds_down);
    _mm_setcsr(0x1f80);
    handle(SIGFPE, change);
    const std::uint16_t unmasked = 0x37b;
    const float zero = 0;
    std::uint16_t status = 0xffff;
    asm volatile("fninit\n fldcw %1\n fld1\n fdivs %2\n fwait\n fnstsw %0\n fninit"
                 : "=m"(status)
                 : "m"(unmasked), "m"(zero)
                 : "memory");
    tell("x87 divide by 0");
    std::printf("x87 status %x\n", status & 0x80ff);
    _mm_setcsr(0x1f80);
}

// --- another stack

[[gnu::noinline]] int deep(int depth) {
    volatile char frame[4096];
    frame[0] = char(depth);
    return depth == 0 ? frame[0] : deep(depth - 1) + frame[0];
}

void stacks() {
    static char* stack;
    constexpr std::size_t bytes = 64 * 1024;
    stack = map(bytes / page, PROT_READ | PROT_WRITE);
    stack_t wanted = {stack, 0, 1000};
    told("too small", sigaltstack(&wanted, nullptr));
    wanted = {stack, 77, bytes};
    told("bad flags", sigaltstack(&wanted, nullptr));
    wanted = {stack, 0, bytes};
    told("sigaltstack", sigaltstack(&wanted, nullptr));
    const Handler look = [](int, siginfo_t*, void* context) {
        char here;
        stack_t now = {};
        sigaltstack(nullptr, &now);
        const bool there = &here >= stack && &here < stack + bytes;
        const bool told = static_cast<ucontext_t*>(context)->uc_stack.ss_sp == stack;
        std::printf("there %d, flags %d, told %d\n", there, now.ss_flags, told);
        stack_t other = {stack, 0, bytes};
        if (there)
            std::printf("in use: %d %s\n", sigaltstack(&other, nullptr), std::strerror(errno));
    };
    handle(SIGUSR1, look, SA_ONSTACK);
    raise(SIGUSR1);
    handle(SIGUSR1, look);
    raise(SIGUSR1);
    // The program's own stack overflows; a handler on another one gets out of it.
    handle(SIGSEGV, jump_out, SA_ONSTACK);
    int result = 0;
    if (sigsetjmp(way_out, 1) == 0) result = deep(1'000'000);
    std::printf("overflow: signal %d, result %d\n", seen.si_signo, result);
    wanted = {nullptr, SS_DISABLE, 0};
    told("disabled", sigaltstack(&wanted, nullptr));
    sigaltstack(nullptr, &wanted);
    std::printf("flags: %d\n", wanted.ss_flags);
    signal(SIGSEGV, SIG_DFL);
}

struct Mode {
    std::string_view name;
    void (*run)();
};

// What runs to an end; all of it without an argument.
constexpr Mode modes[] = {
    {"calls", by_calls},
    {"masks", masks},
    {"nesting", nesting},
    {"registers", registers},
    {"memory", memory_faults},
    {"no access", no_access},
    {"instructions", instructions},
    {"floating point", floating_point},
    {"stacks", stacks},
};

void* volatile nowhere = reinterpret_cast<void*>(24);

// What ends the program, by a signal.
[[noreturn]] void end(std::string_view how) {
    if (how == "default") raise(SIGUSR2);
    if (how == "abort") {
        handle(SIGABRT, remember);
        std::abort();
    }
    if (how == "blocked") {
        handle(SIGSEGV, remember);
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        *static_cast<volatile int*>(nowhere) = 1;
    }
    if (how == "ignored") {
        signal(SIGSEGV, SIG_IGN);
        *static_cast<volatile int*>(nowhere) = 1;
    }
    if (how == "twice") {
        handle(SIGSEGV, [](int, siginfo_t*, void*) { *static_cast<volatile int*>(nowhere) = 1; });
        *static_cast<volatile int*>(nowhere) = 1;
    }
    if (how == "no stack") {
        handle(SIGUSR1, remember);
        asm volatile("mov $64, %%rsp\n mov %0, %%eax\n syscall"
                     :
                     : "i"(SYS_tkill), "D"(getpid()), "S"(SIGUSR1));
    }
    if (how == "no frame")
        asm volatile("mov $64, %%rsp\n mov %0, %%eax\n syscall" : : "i"(SYS_rt_sigreturn));
    if (how == "bad state") {
        handle(SIGUSR1, [](int, siginfo_t*, void* context) {
            auto* const state = static_cast<ucontext_t*>(context)->uc_mcontext.fpregs;
            std::memset(reinterpret_cast<char*>(state) + 512, 0xff, 64);
        });
        raise(SIGUSR1);
    }
    std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    if (argc == 2) end(argv[1]);
    for (const auto& mode : modes) {
        std::printf("[%.*s]\n", int(mode.name.size()), mode.name.data());
        mode.run();
    }
    return 0;
}
