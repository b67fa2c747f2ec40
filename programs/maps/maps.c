/* mmap, munmap, mprotect, mremap and brk, and what /proc/self/maps says after each.
   Lines are shown as pages relative to a fixed base, so that nothing depends on where Linux puts things. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static char *const base = (char *)0x100000000000;
enum { PAGE = 4096, SPAN = 0x1000000 };

static void show(const char *what)
{
    printf("%s\n", what);
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    while (fgets(line, sizeof line, maps)) {
        uintptr_t from, to, offset;
        char permissions[5], device[16], name[256] = "";
        unsigned long inode;
        if (sscanf(line, "%lx-%lx %4s %lx %15s %lu %255[^\n]", &from, &to, permissions, &offset, device, &inode, name) < 6)
            continue;
        if (from < (uintptr_t)base || from >= (uintptr_t)base + SPAN)
            continue;
        printf("  %3lu-%-3lu %s offset %lu%s%s\n", (from - (uintptr_t)base) / PAGE, (to - (uintptr_t)base) / PAGE, permissions,
               offset / PAGE, name[0] ? " " : "", name);
    }
    fclose(maps);
}

static const char *error_name(int error)
{
    switch (error) {
    case EINVAL: return "EINVAL";
    case ENOMEM: return "ENOMEM";
    case EEXIST: return "EEXIST";
    case EFAULT: return "EFAULT";
    case EACCES: return "EACCES";
    default: return "another error";
    }
}

static const char *outcome(const void *result)
{
    static char text[32];
    if (result != MAP_FAILED) {
        snprintf(text, sizeof text, "page %ld", (long)((const char *)result - base) / PAGE);
        return text;
    }
    return error_name(errno);
}

static const char *status(long result)
{
    return result == 0 ? "ok" : error_name(errno);
}

/* 1 where the kernel can read the byte, without a fault of our own. */
static int readable(const char *p)
{
    static int ends[2];
    if (!ends[1] && pipe(ends))
        return -1;
    char c;
    return write(ends[1], p, 1) == 1 && read(ends[0], &c, 1) == 1;
}

static void areas(void)
{
    const int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    const int rw = PROT_READ | PROT_WRITE;
    printf("map 16 pages: %s\n", outcome(mmap(base, 16 * PAGE, rw, fixed, -1, 0)));
    printf("map over them without replacing: %s\n", outcome(mmap(base + 8 * PAGE, PAGE, rw, fixed, -1, 0)));
    for (int i = 0; i < 16; i++)
        memset(base + i * PAGE, 'a' + i, PAGE);
    show("sixteen pages");

    printf("protect 4 to 8: %s\n", status(mprotect(base + 4 * PAGE, 4 * PAGE, PROT_READ)));
    printf("protect 6: %s\n", status(mprotect(base + 6 * PAGE, PAGE, PROT_NONE)));
    show("three kinds");
    printf("readable: 5 %d, 6 %d, 7 %d\n", readable(base + 5 * PAGE), readable(base + 6 * PAGE), readable(base + 7 * PAGE));

    printf("unmap 10 to 12: %s\n", status(munmap(base + 10 * PAGE, 2 * PAGE)));
    printf("unmap them again: %s\n", status(munmap(base + 10 * PAGE, 2 * PAGE)));
    printf("protect over the hole: %s\n", status(mprotect(base + 9 * PAGE, 4 * PAGE, PROT_READ)));
    printf("unmap at an odd address: %s\n", status(munmap(base + 1, PAGE)));
    printf("unmap nothing: %s\n", status(munmap(base, 0)));
    show("a hole");

    printf("protect all before the hole: %s\n", status(mprotect(base, 10 * PAGE, rw)));
    printf("protect all after it: %s\n", status(mprotect(base + 12 * PAGE, 4 * PAGE, rw)));
    show("two areas again");
    printf("contents:");
    for (int i = 0; i < 16; i++)
        printf(" %c", readable(base + i * PAGE) ? base[i * PAGE + 4095] : '-');
    printf("\n");

    printf("fill the hole: %s\n", outcome(mmap(base + 10 * PAGE, 2 * PAGE, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
    printf("new pages are zero: %d\n", base[10 * PAGE] == 0 && base[12 * PAGE - 1] == 0);
    show("one area again");
}

static void moves(void)
{
    printf("shrink to 8: %s\n", outcome(mremap(base, 16 * PAGE, 8 * PAGE, 0)));
    printf("grow to 12 in place: %s\n", outcome(mremap(base, 8 * PAGE, 12 * PAGE, 0)));
    printf("page 7 %c, page 11 %d\n", base[7 * PAGE], base[11 * PAGE]);
    mmap(base + 12 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    printf("grow where something is: %s\n", outcome(mremap(base, 12 * PAGE, 14 * PAGE, 0)));
    printf("move: %s\n", outcome(mremap(base, 12 * PAGE, 14 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, base + 32 * PAGE)));
    show("moved");
    printf("old place readable %d, contents %c %c %d\n", readable(base), base[32 * PAGE], base[39 * PAGE], base[45 * PAGE]);
    printf("remap what is not there: %s\n", outcome(mremap(base, PAGE, 2 * PAGE, MREMAP_MAYMOVE)));
    munmap(base, SPAN);
    show("nothing");
}

static void files(void)
{
    int fd = memfd_create("pages", 0);
    for (int i = 0; i < 4; i++) {
        char page[PAGE];
        memset(page, 'A' + i, sizeof page);
        if (write(fd, page, i == 3 ? 100 : sizeof page) < 0)
            return;
    }
    char *shared = mmap(base, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
    char *private = mmap(base + 8 * PAGE, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, PAGE);
    show("a file, shared and private");
    printf("odd offset: %s\n", outcome(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1)));
    shared[PAGE] = 'x';
    printf("shared write seen by private before its copy: %c\n", private[0]);
    private[1] = 'y';
    shared[PAGE + 2] = 'z';
    char bytes[4] = "";
    if (pread(fd, bytes, 3, PAGE) != 3)
        return;
    printf("file %s, shared %.3s, private %.3s\n", bytes, shared + PAGE, private);
    printf("after the file's end: %d\n", shared[3 * PAGE + 100]);
    if (pwrite(fd, "through the descriptor", 22, 2 * PAGE) != 22)
        return;
    printf("shared page 2: %.22s\n", shared + 2 * PAGE);
    printf("private page 2: %.22s\n", private + PAGE);
    munmap(shared + PAGE, PAGE);
    show("a hole in the shared mapping");
    munmap(base, SPAN);
    close(fd);
}

static void heap(void)
{
    char *start = (char *)syscall(SYS_brk, 0);
    char *limit = (char *)syscall(SYS_brk, start + 3 * PAGE);
    printf("brk grows by %ld\n", (long)(limit - start));
    memset(start, 'h', 3 * PAGE);
    printf("brk back to %ld\n", (long)((char *)syscall(SYS_brk, start + PAGE) - start));
    printf("gone: %d\n", !readable(start + 2 * PAGE));
    syscall(SYS_brk, start + 3 * PAGE);
    printf("again zero: %d, below kept: %c\n", start[2 * PAGE] == 0, start[PAGE - 1]);
    printf("an absurd break changes nothing: %d\n", (char *)syscall(SYS_brk, 64) == start + 3 * PAGE);
}

static void reservation(void)
{
    const size_t terabyte = 1ul << 40;
    char *space = mmap(NULL, terabyte, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    printf("a terabyte reserved: %d\n", space != MAP_FAILED);
    char *part = space + terabyte / 2;
    printf("a part made usable: %s\n", status(mprotect(part, 2 * PAGE, PROT_READ | PROT_WRITE)));
    part[PAGE] = 1;
    printf("part %d, before %d, after %d\n", readable(part), readable(part - 1), readable(part + 2 * PAGE));
    printf("given back: %s\n", status(madvise(part, 2 * PAGE, MADV_DONTNEED)));
    printf("zero again: %d\n", part[PAGE] == 0);
    printf("unmapped: %s\n", status(munmap(space, terabyte)));
}

int main(void)
{
    areas();
    moves();
    files();
    heap();
    reservation();
    return 0;
}
