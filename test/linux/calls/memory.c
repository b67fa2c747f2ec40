#include "calls.h"

#define MAP(a, l, p, f) mmap((void *)(a), l, p, (f) | MAP_ANONYMOUS, -1, 0)
static void maps(void) {
  char *a = MAP(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  SHOW(a != MAP_FAILED);
  a[4096] = 1;
  SHOW(munmap(a + 4096, 4096));
  SHOW(munmap(a + 1, 4096));
  SHOW(munmap(a, 0));
  SHOW(MAP(a, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED) == a);
  SHOW(mprotect(a, 4096, PROT_READ | PROT_WRITE));
  SHOW(a[0]);
  SHOW(mprotect(a, 8192, PROT_READ) == -1 ? errno : 0);
  SHOW(mprotect(a + 1, 4096, PROT_READ));
  SHOW((long)MAP(0, 0, 3, MAP_PRIVATE));
  SHOW((long)MAP(0, 4096, 3, 0));
  SHOW((long)MAP(a, 4096, 3, MAP_PRIVATE | 0x100000));
  SHOW((long)mmap(NULL, 4096, 3, MAP_PRIVATE, 99, 0));
  char *big = MAP(0, 1L << 40, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);
  SHOW(big != MAP_FAILED);
  SHOW(mprotect(big + (1L << 39), 4096, 3));
  big[1L << 39] = 5;
  SHOW(munmap(big, 1L << 40));
  SHOW(madvise(a, 4096, MADV_DONTNEED));
  SHOW(madvise(a, 4096, 999));
  SHOW(madvise(a + 1, 4096, MADV_DONTNEED));
  SHOW(msync(a, 4096, MS_SYNC));
  SHOW(msync(a, 4096, MS_SYNC | MS_ASYNC));
  SHOW(mlock(a, 4096));
}
static void files(void) {
  int fd = open("map", O_CREAT | O_RDWR | O_TRUNC, 0600);
  write(fd, "hello", 5);
  char *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  p[0] = 'J';
  s[1] = 'E';
  char b[8] = "";
  pread(fd, b, 5, 0);
  puts(b);
  printf("%.5s %d\n", p, s[5]);
  pwrite(fd, "XY", 2, 3);
  printf("%.5s\n", s);
  SHOW((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, open("map", O_RDONLY), 0));
  SHOW((long)mmap(NULL, 4096, PROT_READ, MAP_SHARED, open("map", O_WRONLY), 0));
  SHOW((long)mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 5));
  int d = open(".", O_RDONLY);
  SHOW((long)mmap(NULL, 4096, PROT_READ, MAP_SHARED, d, 0));
  char *r = mmap(NULL, 4096, PROT_READ, MAP_SHARED, open("map", O_RDONLY), 0);
  SHOW(mprotect(r, 4096, PROT_READ | PROT_WRITE));
  int m = syscall(SYS_memfd_create, "name", 2);
  SHOW(ftruncate(m, 4096));
  char *x = mmap(NULL, 4096, 3, MAP_SHARED, m, 0), *y = mmap(NULL, 4096, 3, MAP_SHARED, m, 0);
  x[9] = 99;
  SHOW(y[9]);
  SHOW(fcntl(m, 1033, 2 | 4));
  SHOW(ftruncate(m, 1));
  SHOW(fcntl(m, 1034));
}
static void breaks(void) {
  char *b = sbrk(0);
  SHOW((char *)syscall(SYS_brk, b + 10000) == b + 10000);
  b[9999] = 7;
  SHOW((char *)syscall(SYS_brk, b) == b);
  SHOW((char *)syscall(SYS_brk, b + 10000) == b + 10000);
  SHOW(b[9999]);
  SHOW((char *)syscall(SYS_brk, 16) == b + 10000);
}
static void remaps(void) {
  char *a = MAP(0, 3 * 4096, 3, MAP_PRIVATE);
  memset(a, 'x', 3 * 4096);
  SHOW(mremap(a, 3 * 4096, 4096, 0) == a);
  char *b = mremap(a, 4096, 64 * 4096, MREMAP_MAYMOVE);
  SHOW(b[0]);
  SHOW(b[4096]);
  SHOW((long)mremap(b, 4096, 0, 0));
  SHOW((long)mremap(b + 1, 4096, 8192, 0));
  char *to = MAP(0, 8192, 3, MAP_PRIVATE);
  SHOW(mremap(b, 4096, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
  SHOW(to[0]);
  SHOW((long)mremap(b, 4096, 8192, MREMAP_FIXED, to));
}

const struct test memory_tests[] = {{"maps", maps}, {"mapped-files", files}, {"brk", breaks}, {"mremap", remaps}, {0}};
