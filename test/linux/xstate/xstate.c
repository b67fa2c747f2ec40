/* Signal frames with extended state: what the kernel writes, what a handler starts with, and what becomes of a frame that a handler has changed. Prints the same
   natively on any processor with AVX and in tsvm: sizes are given relative to CPUID's, components above AVX are masked. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { SW = 464, HEADER = 512, UPPER = 576, MAGIC1 = 0x46505853, MAGIC2 = 0x46505845 };

static unsigned area_size;
static uint64_t old_sp, resumed;
static const char *current;
static void (*change)(ucontext_t *, uint8_t *);
static sigjmp_buf out;
static uint8_t before[16][32], after[16][32];

static uint8_t elsewhere[8192] __attribute__((aligned(64)));
static uint8_t *edge;

static uint32_t u32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static uint64_t u64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static void set32(uint8_t *p, uint32_t v) { memcpy(p, &v, 4); }
static void set64(uint8_t *p, uint64_t v) { memcpy(p, &v, 8); }

/* Raises USR1 with every ymm register loaded, and notes what they are afterwards. */
void with_registers(const void *load, void *store, uint32_t *control, uint64_t *sp, uint64_t pid, uint64_t signal);
__asm__(
    ".globl with_registers\n"
    "with_registers:\n"
    "  push %rbx; push %rbp; push %r12\n"
    "  mov %rsi, %rbx; mov %rdx, %rbp; mov %rcx, %r12\n"
    "  mov %rsp, (%r12)\n"
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
    "  vmovdqu 32*\\n(%rdi), %ymm\\n\n"
    ".endr\n"
    "  movl $0x9fc1, (%rbp); ldmxcsr (%rbp)\n"
    "  fninit; fld1; fldpi\n"
    "  mov %r8, %rdi; mov %r9, %rsi; mov $62, %eax; syscall\n"
    "  stmxcsr (%rbp)\n"
    "  fnstcw 4(%rbp); fnstsw 6(%rbp)\n"
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
    "  vmovdqu %ymm\\n, 32*\\n(%rbx)\n"
    ".endr\n"
    "  vzeroupper; fninit; movl $0x1f80, 8(%rbp); ldmxcsr 8(%rbp)\n"
    "  pop %r12; pop %rbp; pop %rbx; ret\n");

static void handler_body(int signal, siginfo_t *info, void *context, const uint8_t *state);

/* Notes the state that a handler starts with before anything can touch it. */
void handler(int, siginfo_t *, void *);
__asm__(
    ".globl handler\n"
    "handler:\n"
    "  lea -1024(%rsp), %rcx; and $-64, %rcx\n"
    "  vmovdqu %ymm0, (%rcx); vmovdqu %ymm7, 32(%rcx); vmovdqu %ymm15, 64(%rcx); stmxcsr 96(%rcx); fnstcw 100(%rcx); fnstsw 102(%rcx)\n"
    "  mov %rsp, 104(%rcx)\n"
    "  push %rbp; mov %rsp, %rbp; mov %rcx, %rsp; vzeroupper; call body; mov %rbp, %rsp; pop %rbp; ret\n");

void body(int signal, siginfo_t *info, void *context, const uint8_t *state) { handler_body(signal, info, context, state); }

static void handler_body(int signal, siginfo_t *info, void *context, const uint8_t *state)
{
    ucontext_t *c = context;
    uint8_t *area = (uint8_t *)c->uc_mcontext.fpregs;
    if (!change) {
        static const uint8_t nothing[96];
        printf("handler: registers %s, mxcsr %x, control %x, status %x\n", memcmp(state, nothing, 96) ? "kept" : "zero", u32(state + 96), u32(state + 100) & 0xffff, u32(state + 100) >> 16);
        uint64_t frame = u64(state + 104);
        uint64_t place = (old_sp - 128 - (area_size + 4)) & -64ul;
        printf("area at %+ld of where it is expected, frame at %+ld\n", (long)((uint64_t)area - place), (long)(frame - (((place - 440) & -16ul) - 8)));
        printf("uc_flags %lx, context at frame + %ld, siginfo at frame + %ld\n", c->uc_flags, (long)((uint64_t)c - frame), (long)((uint64_t)info - frame));
        printf("magic1 %s, extended size %+d, size %+d, features %x, padding", u32(area + SW) == MAGIC1 ? "right" : "wrong", u32(area + SW + 4) - area_size, u32(area + SW + 16) - area_size, u32(area + SW + 8) & 7);
        for (int i = SW + 20; i < HEADER; i += 4) printf(" %x", u32(area + i));
        /* Processors may take registers for used that hold zeros. */
        printf("\nmagic2 %s, header %x", u32(area + area_size) == MAGIC2 ? "right" : "wrong", area[HEADER] & (before[0][0] ? 7 : 3));
        for (int i = HEADER + 8; i < UPPER; i += 4) printf(" %x", u32(area + i));
        int wrong = 0;
        for (int i = 0; i < 16; i++) wrong += memcmp(area + 160 + 16 * i, before[i], 16) || memcmp(area + UPPER + 16 * i, before[i] + 16, 16);
        printf("\nregisters that are not in the area: %d; fcw %x fsw %x ftw %x st0 %lx mxcsr %x, reserved %x %x\n", wrong, *(uint16_t *)area, *(uint16_t *)(area + 2), area[4], u64(area + 32), u32(area + 24), u32(area + 416), u32(area + 460));
        return;
    }
    (void)signal;
    change(c, area);
}

static void segv(int signal, siginfo_t *info, void *context)
{
    ucontext_t *c = context;
    sigset_t now;
    sigprocmask(SIG_BLOCK, 0, &now);
    uint8_t *area = (uint8_t *)c->uc_mcontext.fpregs;
    int used = 0;
    for (int i = 160; i < 416; i++) used |= area[i];
    for (int i = UPPER; i < UPPER + 256; i++) used |= area[i];
    printf("signal %d code %d, rip %s, rbx %s, usr2 %s, registers %s, mxcsr %x, trap %lld error %llx\n", signal, info->si_code, c->uc_mcontext.gregs[REG_RIP] == (long)resumed ? "restored" : "elsewhere",
        c->uc_mcontext.gregs[REG_RBX] == 0x1234 ? "of the frame" : "other", sigismember(&now, SIGUSR2) ? "blocked" : "open", used ? "kept" : "zero", u32(area + 24), c->uc_mcontext.gregs[REG_TRAPNO], c->uc_mcontext.gregs[REG_ERR]);
    siglongjmp(out, 1);
}

/* So that what the kernel does not write shows. */
static __attribute__((noinline)) void fill_stack(void)
{
    uint8_t below[16384];
    memset(below, 0xa5, sizeof below);
    __asm__ volatile("" : : "r"(below) : "memory");
}

static void run(const char *name, void (*what)(ucontext_t *, uint8_t *))
{
    current = name;
    change = what;
    uint32_t control[4] = {0};
    memset(after, 0xee, sizeof after);
    printf("%s: ", name);
    fflush(stdout);
    if (sigsetjmp(out, 1)) return;
    fill_stack();
    with_registers(before, after, control, &old_sp, getpid(), SIGUSR1);
    if (!what) return;
    printf("mxcsr %x fcw %x fsw %x", control[0], control[1] & 0xffff, control[1] >> 16);
    for (int i = 0; i < 16; i++) {
        int low = !memcmp(after[i], before[i], 16), high = !memcmp(after[i] + 16, before[i] + 16, 16);
        int no_low = !u64(after[i]) && !u64(after[i] + 8), no_high = !u64(after[i] + 16) && !u64(after[i] + 24);
        printf(" %s%s", low ? "l" : no_low ? "0" : "x", high ? "h" : no_high ? "0" : "x");
    }
    printf("\n");
}

static void nothing(ucontext_t *c, uint8_t *a) { (void)c, (void)a; }
static void upper(ucontext_t *c, uint8_t *a) { (void)c; memset(a + UPPER + 16 * 3, 0x77, 16); memset(a + 160 + 16 * 5, 0x55, 16); }
static void no_avx(ucontext_t *c, uint8_t *a) { (void)c; a[HEADER] &= ~4; }
static void no_sse(ucontext_t *c, uint8_t *a) { (void)c; a[HEADER] &= ~2; }
static void no_x87(ucontext_t *c, uint8_t *a) { (void)c; a[HEADER] &= ~1; }
static void no_state(ucontext_t *c, uint8_t *a) { (void)c; a[HEADER] &= ~7; }
static void features_3(ucontext_t *c, uint8_t *a) { (void)c; set32(a + SW + 8, 3); }
static void features_4(ucontext_t *c, uint8_t *a) { (void)c; set32(a + SW + 8, 4); }
static void features_0(ucontext_t *c, uint8_t *a) { (void)c; set32(a + SW + 8, 0); }
static void features_all(ucontext_t *c, uint8_t *a) { (void)c; set64(a + SW + 8, -1); }
static void magic1(ucontext_t *c, uint8_t *a) { (void)c; set32(a + SW, 0); }
static void magic2(ucontext_t *c, uint8_t *a) { (void)c; set32(a + area_size, 0); }
static void size_small(ucontext_t *c, uint8_t *a) { (void)c; set32(a + SW + 16, 575); }
static void size_576(ucontext_t *c, uint8_t *a) { (void)c; set32(a + SW + 16, 576); set32(a + 576, MAGIC2); }
static void size_large(ucontext_t *c, uint8_t *a) { (void)c; set32(a + SW + 16, area_size + 64); set32(a + SW + 4, area_size + 68); }
static void size_extended(ucontext_t *c, uint8_t *a) { (void)c; set32(a + SW + 4, area_size - 1); }
static void size_extended_equal(ucontext_t *c, uint8_t *a) { (void)c; set32(a + SW + 4, area_size); }
static void mxcsr(ucontext_t *c, uint8_t *a) { set32(a + 24, 0x10000); c->uc_mcontext.gregs[REG_RBX] = 0x1234; resumed = c->uc_mcontext.gregs[REG_RIP]; sigaddset(&c->uc_sigmask, SIGUSR2); }
static void mxcsr_fx(ucontext_t *c, uint8_t *a) { mxcsr(c, a); magic1(c, a); }
static void state_bv(ucontext_t *c, uint8_t *a) { a[HEADER] |= 8; resumed = c->uc_mcontext.gregs[REG_RIP]; }
static void state_bv_fx(ucontext_t *c, uint8_t *a) { state_bv(c, a); magic1(c, a); }
static void comp_bv(ucontext_t *c, uint8_t *a) { a[HEADER + 8] = 7; resumed = c->uc_mcontext.gregs[REG_RIP]; }
static void reserved(ucontext_t *c, uint8_t *a) { a[HEADER + 16] = 1; resumed = c->uc_mcontext.gregs[REG_RIP]; }
static void reserved_24(ucontext_t *c, uint8_t *a) { (void)c; a[HEADER + 24] = 1; }
static void compacted(ucontext_t *c, uint8_t *a) { (void)c; a[HEADER] &= 7; set64(a + HEADER + 8, 7 | 1ul << 63); a[HEADER] &= ~2; }
static void null(ucontext_t *c, uint8_t *a) { (void)a; c->uc_mcontext.fpregs = 0; }
static void unmapped(ucontext_t *c, uint8_t *a) { (void)a; c->uc_mcontext.fpregs = (void *)64; resumed = c->uc_mcontext.gregs[REG_RIP]; }
static void kernel(ucontext_t *c, uint8_t *a) { (void)a; c->uc_mcontext.fpregs = (void *)0xffffffff80000000; resumed = c->uc_mcontext.gregs[REG_RIP]; }
static void odd(ucontext_t *c, uint8_t *a) { (void)a; memcpy(elsewhere + 8, a, area_size + 4); c->uc_mcontext.fpregs = (void *)(elsewhere + 8); resumed = c->uc_mcontext.gregs[REG_RIP]; }
static void by_16(ucontext_t *c, uint8_t *a) { (void)a; memcpy(elsewhere + 16, a, area_size + 4); c->uc_mcontext.fpregs = (void *)(elsewhere + 16); resumed = c->uc_mcontext.gregs[REG_RIP]; }
static void by_16_fx(ucontext_t *c, uint8_t *a) { magic1(c, a); by_16(c, a); }
static void moved(ucontext_t *c, uint8_t *a) { memcpy(elsewhere, a, area_size + 4); c->uc_mcontext.fpregs = (void *)elsewhere; upper(c, elsewhere); memset(a, 0, 576); }
/* The area ends where memory does: of a frame without magic1 only 512 bytes are needed, but the whole must be in user space. */
static void at_edge(ucontext_t *c, uint8_t *a) { magic1(c, a); memcpy(edge - 512, a, 512); c->uc_mcontext.fpregs = (void *)(edge - 512); }
static void at_edge_576(ucontext_t *c, uint8_t *a) { size_576(c, a); features_3(c, a); memcpy(edge - 576, a, 576); c->uc_mcontext.fpregs = (void *)(edge - 576); resumed = c->uc_mcontext.gregs[REG_RIP]; }
static void at_edge_640(ucontext_t *c, uint8_t *a) { size_576(c, a); memcpy(edge - 640, a, 640); c->uc_mcontext.fpregs = (void *)(edge - 640); resumed = c->uc_mcontext.gregs[REG_RIP]; }
static void at_edge_640_sse(ucontext_t *c, uint8_t *a) { features_3(c, a); at_edge_640(c, a); }
static void mask(ucontext_t *c, uint8_t *a) { (void)a; c->uc_flags = 0; }

int main(void)
{
    unsigned a, b, c, d;
    setvbuf(stdout, 0, _IONBF, 0);
    __cpuid_count(0xd, 0, a, b, c, d);
    area_size = b;
    printf("AT_MINSIGSTKSZ suffices: %d\n", getauxval(AT_MINSIGSTKSZ) >= area_size + 4 + 63 + 440 + 15);
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 32; j++) before[i][j] = (uint8_t)(1 + i * 7 + j * 3);
    edge = (uint8_t *)mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + 2 * 4096;
    mprotect(edge, 4096, PROT_NONE);
    stack_t stack = {.ss_sp = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), .ss_size = 65536};
    sigaltstack(&stack, 0);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, 0);
    struct sigaction fault = {.sa_sigaction = segv, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigaction(SIGSEGV, &fault, 0);
#define RUN(what) run(#what, what)
    run("frame", 0);
    RUN(nothing); RUN(upper); RUN(no_avx); RUN(no_sse); RUN(no_x87); RUN(no_state);
    RUN(features_3); RUN(features_4); RUN(features_0); RUN(features_all);
    RUN(magic1); RUN(magic2); RUN(size_small); RUN(size_576); RUN(size_large); RUN(size_extended); RUN(size_extended_equal);
    RUN(mxcsr); RUN(mxcsr_fx); RUN(state_bv); RUN(state_bv_fx); RUN(comp_bv); RUN(reserved); RUN(reserved_24); RUN(compacted);
    RUN(null); RUN(unmapped); RUN(kernel); RUN(odd); RUN(by_16); RUN(by_16_fx); RUN(moved); RUN(mask);
    RUN(at_edge); RUN(at_edge_576); RUN(at_edge_640); RUN(at_edge_640_sse);
    memset(before, 0, sizeof before);
    run("initial state", 0);
    return 0;
}
