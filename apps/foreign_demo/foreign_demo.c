/* apps/foreign_demo/foreign_demo.c - a C program without the libOS: prints what Linux would. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static int compare(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }

static void heap(void) {
    int* numbers = malloc(100000 * sizeof *numbers);
    unsigned seed = 1;
    for (int i = 0; i < 100000; ++i) {
        seed = seed * 1103515245 + 12345;
        numbers[i] = (int)(seed >> 16 & 32767);
    }
    qsort(numbers, 100000, sizeof *numbers, compare);
    printf("qsort: %d %d %d\n", numbers[0], numbers[50000], numbers[99999]);
    for (size_t bytes = 1; bytes <= 64 << 20; bytes *= 4) {
        numbers = realloc(numbers, bytes);
        if (numbers == NULL) {
            printf("realloc: %s\n", strerror(errno));
            return;
        }
    }
    memset(numbers, 1, 1 << 20);
    free(numbers);
    printf("realloc: done\n");
}

static void mappings(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char* memory =
        mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory[5 * page] = 'x';
    int failed = munmap(memory + page, 2 * page);
    failed |= mprotect(memory + 5 * page, page, PROT_READ);
    printf("mmap: %c %d %d\n", memory[5 * page], memory[15 * page], failed);
    failed = mprotect(memory, 4 * page, PROT_READ);
    printf("mprotect over a hole: %d %s\n", failed, strerror(errno));
    failed = madvise(memory + 8 * page, page, MADV_DONTNEED);
    printf("madvise: %d\n", failed);
}

static void errors(void) {
    const int fd = open("/no/such/file", O_RDONLY);
    printf("open: %d %s\n", fd, strerror(errno));
    const ssize_t written = write(77, "x", 1);
    printf("write: %zd %s\n", written, strerror(errno));
    const char* volatile nowhere = (const char*)8;
    const ssize_t wild = write(1, nowhere, 1);
    printf("write: %zd %s\n", wild, strerror(errno));
}

int main(int argc, char** argv) {
    printf("hello from a foreign program\n");
    for (int i = 1; i < argc; ++i)
        printf("argument: %s\n", argv[i]);
    struct utsname name;
    uname(&name);
    printf("system: %s %s\n", name.sysname, name.machine);
    printf("sqrt: %.17g, exp: %.17g\n", sqrt(2.0 * argc), exp(1.0 / argc));
    heap();
    mappings();
    errors();
    const struct timespec nap = {0, 1000000};
    printf("nanosleep: %d\n", nanosleep(&nap, NULL));
    fprintf(stderr, "stderr works too\n");
    return 3;
}
