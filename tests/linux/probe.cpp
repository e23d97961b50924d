// tests/linux/probe.cpp - makes system calls and prints what came back: the same on Linux.
//
// Built twice, linked with the libOS and not. Nothing it prints may depend on where memory lies, on
// time, or on which files there are below /.
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string>
#include <string_view>

extern "C" {
// In registers.S: rax rbx rcx rdx rsi rdi rbp r8-r15, rsp, rflags.
std::uint64_t probe_before[17];
std::uint64_t probe_after[17];
std::uint64_t probe_red_zone[16];
std::uint64_t probe_vectors_before[32];
std::uint64_t probe_vectors_after[32];
void probe_call();
}

namespace {

const auto page = std::size_t(sysconf(_SC_PAGESIZE));

void told(const char* what, long result) {
    std::printf("%s: %ld", what, result);
    if (result == -1) std::printf(" %s", std::strerror(errno));
    std::printf("\n");
}

char* map(std::size_t pages, int protection, int flags = MAP_PRIVATE | MAP_ANONYMOUS) {
    void* const memory = mmap(nullptr, pages * page, protection, flags, -1, 0);
    if (memory == MAP_FAILED) {
        told("mmap", -1);
        std::exit(1);
    }
    return static_cast<char*>(memory);
}

// The arguments of one call; what changed but rax, rcx and r11 is printed.
void check_registers(const char* name, std::uint64_t number, std::uint64_t a0 = 0,
                     std::uint64_t a1 = 0, std::uint64_t a2 = 0, std::uint64_t a3 = 0,
                     std::uint64_t a4 = 0, std::uint64_t a5 = 0) {
    for (std::uint64_t i = 0; i < 15; ++i)
        probe_before[i] = 0x0123'4567'0000'0000 + i;
    for (std::uint64_t i = 0; i < 32; ++i)
        probe_vectors_before[i] = 0xfedc'ba98'0000'0000 + i;
    probe_before[0] = number;
    probe_before[5] = a0;
    probe_before[4] = a1;
    probe_before[3] = a2;
    probe_before[9] = a3;
    probe_before[7] = a4;
    probe_before[8] = a5;
    probe_call();
    int changed = 0;
    for (int i = 1; i < 16; ++i) {
        if (i != 2 && i != 10) changed += probe_after[i] != probe_before[i];
    }
    for (std::uint64_t i = 0; i < 16; ++i)
        changed += probe_red_zone[i] != 0x11'2233'0000 + (i + 1) * 8;
    changed +=
        std::memcmp(probe_vectors_before, probe_vectors_after, sizeof probe_vectors_before) != 0;
    constexpr std::uint64_t direction_and_carry = 0x401;
    changed += (probe_after[16] & direction_and_carry) != direction_and_carry;
    if (changed != 0 || name != nullptr) std::printf("%s: %d changed\n", name, changed);
}

void registers() {
    check_registers("getppid", SYS_getppid);
    check_registers("a number that is none", 100'000);
    check_registers("a number above 32 bits", 0x7777'0000'0000'0000 | SYS_getpid);
    check_registers("write", SYS_write, 1, std::uint64_t("written\n"), 8);
    check_registers("a bad pointer", SYS_clock_gettime, CLOCK_MONOTONIC, 16);
    // The libOS itself is the first to touch this page.
    auto* const fresh = map(1, PROT_READ | PROT_WRITE);
    check_registers("a fresh page", SYS_clock_gettime, CLOCK_MONOTONIC, std::uint64_t(fresh) + 40);
    std::printf("the clock runs: %d\n", fresh[48] != 0 || fresh[40] != 0);
    check_registers("mmap", SYS_mmap, 0, 3 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, ~0ULL,
                    0);
    // Long enough for slices to end in all of it.
    for (int i = 0; i < 20'000; ++i)
        check_registers(nullptr, SYS_getppid);
}

void mappings() {
    char* const memory = map(64, PROT_READ | PROT_WRITE);
    memory[0] = 'a';
    memory[63 * page] = 'z';
    told("munmap inside", munmap(memory + 8 * page, 8 * page));
    told("munmap again", munmap(memory + 8 * page, 8 * page));
    told("munmap misaligned", munmap(memory + 1, page));
    told("munmap nothing", munmap(memory, 0));
    told("fixed in the hole",
         mmap(memory + 8 * page, 8 * page, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory + 8 * page);
    told("fixed over the rest",
         mmap(memory + 4 * page, 60 * page, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory + 4 * page);
    std::printf("contents: %c %d\n", memory[0], memory[63 * page]);
    told("not over anything", long(mmap(memory + page, page, PROT_READ,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)));
    told("no flags", long(mmap(nullptr, page, PROT_READ, 0, -1, 0)));
    told("no bytes", long(mmap(nullptr, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
    told("no file", long(mmap(nullptr, page, PROT_READ, MAP_PRIVATE, -1, 0)));
    told("too much",
         long(mmap(nullptr, std::size_t{1} << 47, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
    told("mprotect", mprotect(memory, 4 * page, PROT_READ));
    told("mprotect back", mprotect(memory, 4 * page, PROT_READ | PROT_WRITE));
    memory[page] = 'b';
    told("mprotect misaligned", mprotect(memory + 1, page, PROT_READ));
    told("discard", madvise(memory, 2 * page, MADV_DONTNEED));
    std::printf("contents: %d %d\n", memory[0], memory[page]);
    told("read only", mprotect(memory, page, PROT_READ));
    told("write to it", syscall(SYS_clock_gettime, CLOCK_MONOTONIC, memory));
    told("no access", mprotect(memory, page, PROT_NONE));
    told("read from it", write(1, memory, 1));
}

void remapping() {
    char* memory = map(4, PROT_READ | PROT_WRITE);
    std::memset(memory, 'm', 4 * page);
    char* const grown = static_cast<char*>(mremap(memory, 4 * page, 2000 * page, MREMAP_MAYMOVE));
    std::printf("mremap: %c %d\n", grown[4 * page - 1], grown[1999 * page]);
    told("shrink", mremap(grown, 2000 * page, page, 0) == grown);
    told("gone", madvise(grown + page, page, MADV_DONTNEED));
    told("mremap of nothing", long(mremap(grown + page, page, 2 * page, MREMAP_MAYMOVE)));
}

void heap() {
    auto* const start = static_cast<char*>(sbrk(0));
    told("sbrk", sbrk(100 * long(page)) == start);
    start[99 * page] = 'h';
    told("brk down", brk(start + page));
    told("brk up", brk(start + 200 * page));
    std::printf("contents: %d %d\n", start[99 * page], start[199 * page]);
    told("below the heap", brk(reinterpret_cast<void*>(page)));
    std::string text;
    for (int i = 0; i < 300'000; ++i)
        text += char('a' + i % 26);
    std::printf("string: %c%c\n", text[26 * 1000], text[299'999]);
}

// The functions that give memory, whoever serves them.
void allocation() {
    constexpr auto far_too_much = ~std::size_t{0} / 2;
    volatile std::size_t huge = far_too_much;
    errno = 0;
    std::printf("malloc: %d", std::malloc(huge) == nullptr);
    std::printf(" %s\n", std::strerror(errno));
    std::printf("calloc: %d\n", std::calloc(huge, 4) == nullptr);
    auto* numbers = static_cast<unsigned char*>(std::calloc(1000, 3));
    int sum = 0;
    for (int i = 0; i < 3000; ++i)
        sum += numbers[i];
    std::memset(numbers, 7, 3000);
    numbers = static_cast<unsigned char*>(std::realloc(numbers, 1 << 20));
    for (int i = 0; i < 3000; ++i)
        sum += numbers[i];
    numbers = static_cast<unsigned char*>(std::realloc(numbers, 10));
    std::printf("calloc, realloc: %d %d\n", sum, numbers[9]);
    std::free(numbers);
    void* aligned = nullptr;
    std::printf("posix_memalign: %d", posix_memalign(&aligned, 24, 100));
    std::printf(" %d", posix_memalign(&aligned, 4, 100));
    std::printf(" %d", posix_memalign(&aligned, 4096, 100));
    std::printf(" %d\n", int(std::uintptr_t(aligned) % 4096));
    std::free(aligned);
    aligned = std::aligned_alloc(64, 128);
    std::printf("aligned_alloc: %d\n", int(std::uintptr_t(aligned) % 64));
    std::free(aligned);
    std::free(nullptr);
    unsigned seed = 1;
    unsigned char* blocks[64] = {};
    int damaged = 0;
    for (int round = 0; round < 20'000; ++round) {
        seed = seed * 1'103'515'245 + 12'345;
        auto& block = blocks[seed >> 16 & 63];
        const auto size = 1 + (seed >> 22) * 7;
        if (block != nullptr) damaged += block[0] != (&block - blocks);
        std::free(block);
        block = static_cast<unsigned char*>(std::malloc(size));
        std::memset(block, int(&block - blocks), size);
    }
    for (auto* block : blocks)
        std::free(block);
    std::printf("damaged: %d\n", damaged);
}

void files() {
    struct stat status;
    told("stat /", stat("/", &status));
    std::printf("a directory: %d\n", S_ISDIR(status.st_mode));
    told("stat missing", stat("/no/such", &status));
    told("stat nothing", stat("", &status));
    told("stat bad pointer", syscall(SYS_stat, 16, &status));
    told("stat to a bad pointer", syscall(SYS_stat, "/", 16));
    told("lstat", lstat("/./..//.", &status));
    told("access", access("/no/such", R_OK));
    told("open", open("/no/such", O_RDONLY));
    told("open below", open("/no/such", O_RDWR | O_CREAT, 0600));
    told("open a directory", open("/", O_RDWR));
    told("mkdir", mkdir("/no/such", 0700));
    told("mkdir /", mkdir("/", 0700));
    told("unlink", unlink("/no/such"));
    told("rename", rename("/no/such", "/no/other"));
    char buffer[64];
    told("readlink", readlink("/no/such", buffer, sizeof buffer));
    told("readlink /", readlink("/", buffer, sizeof buffer));
    told("chdir", chdir("/no/such"));
    told("chdir /", chdir("/"));
    std::printf("getcwd: %s\n", getcwd(buffer, sizeof buffer));
    told("getcwd short", getcwd(buffer, 1) == nullptr ? -1 : 0);
    const std::string long_path(5000, 'x');
    told("long path", open(long_path.c_str(), O_RDONLY));
}

void descriptors() {
    const int copy = dup(1);
    told("dup", copy);
    told("write", write(copy, "by dup\n", 7));
    told("close", close(copy));
    told("close again", close(copy));
    told("write closed", write(copy, "x", 1));
    told("dup2", dup2(1, 20));
    told("dup2 itself", dup2(20, 20));
    told("dup2 closed", dup2(99, 98));
    told("dup3 itself", dup3(1, 1, 0));
    told("F_DUPFD", fcntl(20, F_DUPFD, 20));
    told("F_GETFD", fcntl(20, F_GETFD));
    told("F_SETFD", fcntl(20, F_SETFD, FD_CLOEXEC));
    told("F_GETFD", fcntl(20, F_GETFD));
    told("F_GETFD closed", fcntl(97, F_GETFD));
    told("lseek", lseek(1, 0, SEEK_SET));
    told("fstat closed", syscall(SYS_fstat, 96, nullptr));
    const iovec parts[] = {
        {const_cast<char*>("in "), 3}, {nullptr, 0}, {const_cast<char*>("parts\n"), 6}};
    told("writev", writev(1, parts, 3));
    told("writev too many", syscall(SYS_writev, 1, parts, 5000));
    const iovec bad = {reinterpret_cast<void*>(8), 1};
    told("writev a bad pointer", syscall(SYS_writev, 1, &bad, 1));
    told("read closed", syscall(SYS_read, 95, nullptr, 1));
}

void signals() {
    struct sigaction action = {};
    struct sigaction before = {};
    action.sa_handler = SIG_IGN;
    told("sigaction", sigaction(SIGUSR1, &action, &before));
    std::printf("before: %d\n", before.sa_handler == SIG_DFL);
    told("sigaction again", sigaction(SIGUSR1, nullptr, &before));
    std::printf("before: %d\n", before.sa_handler == SIG_IGN);
    told("raise an ignored one", raise(SIGUSR1));
    told("raise one that does nothing", raise(SIGCHLD));
    told("sigaction SIGKILL", sigaction(SIGKILL, &action, nullptr));
    told("sigaction 99", syscall(SYS_rt_sigaction, 99, nullptr, nullptr, 8));
    told("kill 0", kill(getpid(), 0));
    told("kill a bad one", kill(getpid(), 99));
    sigset_t set;
    sigset_t old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGKILL);
    told("sigprocmask", sigprocmask(SIG_BLOCK, &set, nullptr));
    told("sigprocmask", sigprocmask(SIG_UNBLOCK, nullptr, &old));
    std::printf("blocked: %d %d\n", sigismember(&old, SIGUSR2), sigismember(&old, SIGKILL));
    told("sigprocmask how", sigprocmask(77, &set, nullptr));
    stack_t stack = {};
    told("sigaltstack", sigaltstack(nullptr, &stack));
    std::printf("disabled: %d\n", stack.ss_flags == SS_DISABLE);
}

// The clocks of the time of day agree, and are ahead of those that count from boot.
void wall_clock() {
    timespec wall = {};
    timeval now = {};
    told("wall clock", clock_gettime(CLOCK_REALTIME, &wall));
    told("gettimeofday", gettimeofday(&now, nullptr));
    const auto seconds = time(nullptr);
    std::printf("agree: %d %d\n", now.tv_sec - wall.tv_sec <= 1, seconds - wall.tv_sec <= 1);
    std::printf("after 2020: %d\n", seconds > 1'577'836'800);
    timespec until = wall;
    told("until the past", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr));
    until.tv_nsec += 5'000'000;
    if (until.tv_nsec >= 1'000'000'000) until = {until.tv_sec + 1, until.tv_nsec - 1'000'000'000};
    told("until soon", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr));
    clock_gettime(CLOCK_REALTIME, &wall);
    std::printf("slept: %d\n", wall.tv_sec > until.tv_sec ||
                                   (wall.tv_sec == until.tv_sec && wall.tv_nsec >= until.tv_nsec));
    int word = 5;
    told("futex until the past", syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME,
                                         5, &until, nullptr, ~0U));
}

void time_passes() {
    timespec first = {};
    timespec second = {};
    told("clock_gettime", clock_gettime(CLOCK_MONOTONIC, &first));
    const timespec nap = {0, 3'000'000};
    told("nanosleep", nanosleep(&nap, nullptr));
    told("clock_gettime", clock_gettime(CLOCK_MONOTONIC, &second));
    const auto ns = (second.tv_sec - first.tv_sec) * 1'000'000'000 + second.tv_nsec - first.tv_nsec;
    std::printf("slept: %d\n", ns >= 3'000'000);
    timespec until = second;
    until.tv_nsec = until.tv_nsec / 2;
    told("until the past", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr));
    const timespec bad = {0, -1};
    told("a bad time", nanosleep(&bad, nullptr));
    told("a bad clock", syscall(SYS_clock_gettime, 77, &first));
    told("a bad clock", syscall(SYS_clock_getres, -1, &first));
    timeval now = {};
    told("gettimeofday", gettimeofday(&now, nullptr));
    wall_clock();
    int word = 5;
    const timespec soon = {0, 1'000'000};
    told("futex other value", syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 6, nullptr));
    told("futex in vain", syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 5, &soon));
    told("futex wake", syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1));
}

void process() {
    for (char** variable = environ; *variable != nullptr; ++variable)
        std::printf("%s\n", *variable);
    utsname name = {};
    told("uname", uname(&name));
    std::printf("%s %s\n", name.sysname, name.machine);
    told("getpid is gettid", getpid() == gettid());
    rlimit limit = {};
    told("getrlimit", getrlimit(RLIMIT_STACK, &limit));
    told("getrlimit none", syscall(SYS_getrlimit, 99, &limit));
    rusage usage = {};
    told("getrusage", getrusage(RUSAGE_SELF, &usage));
    struct sysinfo info = {};
    told("sysinfo", sysinfo(&info));
    std::printf("memory: %d\n", info.totalram * info.mem_unit > 1 << 20);
    unsigned char random[4] = {};
    told("getrandom", syscall(SYS_getrandom, random, 4, 0));
    told("getrandom to a bad pointer", syscall(SYS_getrandom, 16, 4, 0));
    told("arch_prctl", syscall(SYS_arch_prctl, 0x7777, 0));
}

[[gnu::noinline]] int deep(int depth) {
    volatile char frame[4096];
    frame[0] = char(depth);
    return depth == 0 ? frame[0] : deep(depth - 1) + frame[0] - char(depth);
}

struct Mode {
    std::string_view name;
    void (*run)();
};

// What runs to an end; all of it without an argument.
constexpr Mode modes[] = {
    {"registers", registers},     {"mappings", mappings},
    {"remapping", remapping},     {"heap", heap},
    {"allocation", allocation},   {"files", files},
    {"descriptors", descriptors}, {"signals", signals},
    {"time", time_passes},        {"process", process},
};

void* volatile nowhere = reinterpret_cast<void*>(24);

// What ends the program.
[[noreturn]] void end(std::string_view how) {
    if (how == "abort") std::abort();
    if (how == "throw") throw std::runtime_error("nobody catches this");
    if (how == "overflow") std::exit(deep(1'000'000));
    if (how == "term") std::exit(raise(SIGTERM));
    if (how == "fault") *static_cast<volatile int*>(nowhere) = 1;
    if (how == "date") {
        const auto now = time(nullptr);
        char text[32];
        std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", std::gmtime(&now));
        std::printf("%s\n", text);
        std::exit(0);
    }
    if (how == "status") std::exit(300);
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
    // 4 MiB of stack.
    std::printf("deep: %d\n", deep(1000));
    return 0;
}
