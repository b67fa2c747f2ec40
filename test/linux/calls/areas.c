#include "calls.h"

#define MAP(a, l, p, f) mmap((void *)(a), l, p, (f) | MAP_ANONYMOUS, -1, 0)
static jmp_buf back;
static volatile int code;
static void fault(int s, siginfo_t *i, void *v) { (void)v; code = s * 100 + i->si_code; siglongjmp(back, 1); }
static void *hint;
static void watch(void) { struct sigaction a = {0}; a.sa_sigaction = fault, a.sa_flags = SA_SIGINFO; sigaction(SIGSEGV, &a, NULL); sigaction(SIGBUS, &a, NULL); }
#define TRY(what) (code = 0, sigsetjmp(back, 1) ? 0 : ((void)(what), 0), printf("%s: %d\n", #what, code))
static char *page(int prot) { return MAP(0, 4096, prot, MAP_PRIVATE); }

TEST(map_fixed_replaces) { char *p = page(3); p[0] = 5; SHOW(MAP(p, 4096, 3, MAP_PRIVATE | MAP_FIXED) == p); SHOW(p[0]); SHOW((long)MAP(p + 1, 4096, 3, MAP_PRIVATE | MAP_FIXED)); SHOW((long)MAP(0x7ffffffff000, 4096, 3, MAP_PRIVATE | MAP_FIXED)); }
TEST(map_fixed_keeps) { char *p = page(3); SHOW((long)MAP(p, 4096, 3, MAP_PRIVATE | 0x100000)); munmap(p, 4096); SHOW(MAP(p, 4096, 3, MAP_PRIVATE | 0x100000) == p); }
TEST(map_hint) { char *p = MAP(0, 1 << 20, 3, MAP_PRIVATE); munmap(p, 1 << 20); hint = p; SHOW(MAP(hint, 4096, 3, MAP_PRIVATE) == hint); SHOW(MAP(hint, 4096, 3, MAP_PRIVATE) != hint); }
TEST(map_errors) { SHOW((long)MAP(0, -1L, 3, MAP_PRIVATE)); SHOW((long)MAP(0, 0, 3, MAP_PRIVATE)); SHOW((long)MAP(0, 4096, 3, MAP_PRIVATE | MAP_SHARED) == -1 ? errno : 0); SHOW((long)mmap(0, 4096, 3, MAP_PRIVATE, 0, 4095)); SHOW((long)mmap(0, 4096, 3, MAP_PRIVATE, 99, 0)); SHOW((long)MAP(0, 1L << 47, 3, MAP_PRIVATE | MAP_NORESERVE)); }
TEST(protection_faults) { watch(); char *p = page(PROT_READ); TRY(*(volatile char *)p); TRY(*(volatile char *)p = 1); SHOW(mprotect(p, 4096, PROT_NONE)); TRY(*(volatile char *)p); munmap(p, 4096); TRY(*(volatile char *)p); }
TEST(protection_over_gap) { char *p = MAP(0, 3 * 4096, 3, MAP_PRIVATE); munmap(p + 4096, 4096); SHOW(mprotect(p, 3 * 4096, PROT_READ) == -1 ? errno : 0); watch(); TRY(*(volatile char *)p = 1); TRY(*(volatile char *)(p + 8192) = 1); SHOW(mprotect(p, 0, 1)); SHOW(mprotect(p, 4096, 99)); }
TEST(execution_protected) { watch(); char *p = page(3); p[0] = (char)0xc3; TRY(((void (*)(void))p)()); SHOW(mprotect(p, 4096, PROT_READ | PROT_EXEC)); TRY(((void (*)(void))p)()); }
TEST(code_rewritten) { unsigned char *p = MAP(0, 4096, 7, MAP_PRIVATE); memcpy(p, "\xb8\x05\x00\x00\x00\xc3", 6); int (*f)(void) = (int (*)(void))p; SHOW(f()); p[1] = 9; SHOW(f()); }
TEST(file_end_faults) { watch(); put("f", "abc"); int fd = open("f", O_RDWR); char *p = mmap(0, 8192, 3, MAP_SHARED, fd, 0); TRY(*(volatile char *)(p + 4000)); TRY(*(volatile char *)(p + 4096)); ftruncate(fd, 5000); TRY(*(volatile char *)(p + 4096)); ftruncate(fd, 0); TRY(*(volatile char *)p); }
TEST(shared_file_grows) { int fd = open("f", O_CREAT | O_RDWR, 0600); ftruncate(fd, 4096); char *p = mmap(0, 4096, 3, MAP_SHARED, fd, 0); strcpy(p, "mapped"); close(fd); get("f"); SHOW(truncate("f", 3)); SHOW(p[3]); SHOW(truncate("f", 6)); SHOW(p[5]); }
TEST(private_file_copy) { put("f", "abc"); int fd = open("f", O_RDWR); char *p = mmap(0, 4096, 3, MAP_PRIVATE, fd, 0); p[0] = 'X'; get("f"); pwrite(fd, "123", 3, 0); printf("%c%c\n", p[0], p[0] == 'X' ? 'k' : 'l'); SHOW(madvise(p, 4096, MADV_DONTNEED)); printf("%.3s\n", p); }
TEST(private_write_of_read_only_file) { put("f", "abc"); int fd = open("f", O_RDONLY); char *p = mmap(0, 4096, 3, MAP_PRIVATE, fd, 0); p[0] = 'Z'; printf("%.3s\n", p); SHOW((long)mmap(0, 4096, 3, MAP_SHARED, fd, 0)); char *q = mmap(0, 4096, 1, MAP_SHARED, fd, 0); SHOW(mprotect(q, 4096, 3)); }
TEST(unmap_middle) { char *p = MAP(0, 3 * 4096, 3, MAP_PRIVATE); p[0] = 1, p[8192] = 3; SHOW(munmap(p + 4096, 4096)); watch(); TRY(*(volatile char *)(p + 4096)); printf("%d %d\n", p[0], p[8192]); SHOW(munmap(p + 4096, 4096)); SHOW(munmap((void *)(1L << 47), 4096)); }
TEST(discarded_pages) { char *p = MAP(0, 8192, 3, MAP_PRIVATE); p[0] = p[4096] = 7; SHOW(madvise(p, 4096, MADV_DONTNEED)); printf("%d %d\n", p[0], p[4096]); SHOW(madvise(p, 4096, MADV_WILLNEED)); SHOW(madvise(p, 8192, MADV_NORMAL)); munmap(p + 4096, 4096); SHOW(madvise(p, 8192, MADV_DONTNEED)); }
TEST(break_grows_zeroed) { char *o = sbrk(8192); o[5] = 1; SHOW(brk(o)); SHOW(brk(o + 8192)); SHOW(o[5]); char *e = sbrk(0); SHOW(syscall(SYS_brk, (char *)1 ) == (long)e); }
TEST(remap_moves_content) { char *p = MAP(0, 8192, 3, MAP_PRIVATE); strcpy(p + 4090, "across"); char *q = mremap(p, 8192, 1 << 20, MREMAP_MAYMOVE); puts(q + 4090); watch(); SHOW(q[(1 << 20) - 1]); SHOW((long)mremap(q, 1 << 20, 4096, 8)); SHOW((long)mremap(q, 0, 4096, MREMAP_MAYMOVE)); }
TEST(remap_in_place) { char *p = MAP(0, 3 * 4096, 3, MAP_PRIVATE); munmap(p + 4096, 4096); SHOW(mremap(p, 4096, 8192, 0) == p); SHOW((long)mremap(p, 8192, 12288, 0)); }
TEST(resident_pages) { char *p = MAP(0, 8192, 3, MAP_PRIVATE); unsigned char v[2]; p[0] = p[4096] = 1; SHOW(mincore(p, 8192, v)); printf("%d %d\n", v[0] & 1, v[1] & 1); SHOW(mincore(p + 1, 1, v)); munmap(p, 8192); SHOW(mincore(p, 4096, v)); }
TEST(locked_memory) { char *p = page(3); SHOW(mlock(p, 4096)); SHOW(munlock(p, 4096)); SHOW(mlockall(9)); SHOW(mlockall(MCL_CURRENT)); SHOW(munlockall()); munmap(p, 4096); SHOW(mlock(p, 4096)); }
TEST(address_space_limit) { struct rlimit r = {64 << 20, 64 << 20}; SHOW(setrlimit(RLIMIT_AS, &r)); SHOW((long)MAP(0, 128 << 20, 3, MAP_PRIVATE)); SHOW(MAP(0, 1 << 20, 3, MAP_PRIVATE) != MAP_FAILED); }
TEST(data_limit) { struct rlimit r = {8 << 20, 8 << 20}; SHOW(setrlimit(RLIMIT_DATA, &r)); SHOW((long)MAP(0, 16 << 20, 3, MAP_PRIVATE)); SHOW(MAP(0, 16 << 20, 1, MAP_PRIVATE) != MAP_FAILED); SHOW(MAP(0, 16 << 20, 3, MAP_SHARED) != MAP_FAILED); char *o = sbrk(0); SHOW(syscall(SYS_brk, o + (16 << 20)) == (long)o); SHOW(MAP(0, 1 << 20, 3, MAP_PRIVATE) != MAP_FAILED); }
TEST(two_views_of_memory) { int m = syscall(SYS_memfd_create, "m", 0); ftruncate(m, 8192); char *a = mmap(0, 8192, 3, MAP_SHARED, m, 0), *z = mmap(0, 4096, 3, MAP_SHARED, m, 4096); strcpy(a + 4096, "seen"); puts(z); strcpy(z, "back"); puts(a + 4096); char c[5] = ""; pread(m, c, 4, 4096); puts(c); }
TEST(growing_stack) { char *top = (char *)__builtin_frame_address(0); watch(); volatile char *low = top - (1 << 20); low[0] = 1; SHOW(low[0]); }
