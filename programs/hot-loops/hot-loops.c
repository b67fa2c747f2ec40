/* Loops that run long, and what changes under them. Every line printed is the same wherever signals strike. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

enum { PAGE = 4096, TF = 0x100, AC = 0x40000, ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003 };
typedef uint64_t function(uint64_t);

static void on(int signal, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(signal, &action, NULL);
}

static uint8_t *pages(int count, int prot)
{
    return mmap(NULL, (size_t)count * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static uint64_t mix(uint64_t sum, uint64_t value)
{
    return (sum ^ value) * 0x9e3779b97f4a7c15u + 1;
}

/* A register of the thread's own in each turn: rounding, and in some denormals as zeros. */
static void rounding(void)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 60000; i++) {
        uint32_t mxcsr = 0x1f80 | (i & 3) << 13 | (i % 5 == 0 ? 0x8040 : 0);
        double x = (double)i / 7, y = 1e-310 * i;
        int64_t rounded;
        __asm__ volatile("ldmxcsr %3\n\tcvtsd2si %1, %0\n\tdivsd %4, %1\n\tmulsd %5, %2"
                         : "=&r"(rounded), "+x"(x), "+x"(y)
                         : "m"(mxcsr), "x"(3.0), "x"(0.5));
        uint64_t a, b;
        memcpy(&a, &x, 8);
        memcpy(&b, &y, 8);
        sum = mix(mix(mix(sum, (uint64_t)rounded), a), b);
    }
    uint32_t standard = 0x1f80;
    __asm__ volatile("ldmxcsr %0" : : "m"(standard));
    printf("rounding changes in each turn: %016lx\n", sum);
}

/* The same mode for long, with flags that are cleared now and then. */
static void sticky(void)
{
    uint64_t sum = 0;
    double x = 1;
    for (uint32_t i = 0; i < 200000; i++) {
        uint32_t mxcsr = 0x1f80 | i / 50000 << 13;
        if (i % 1000 == 0)
            __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
        double y = i % 1000 < 990 ? 0.5 : 3;
        __asm__ volatile("divsd %1, %0" : "+x"(x) : "x"(y));
        if (i % 97 == 0) {
            __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
            uint64_t bits;
            memcpy(&bits, &x, 8);
            sum = mix(mix(sum, mxcsr), bits);
        }
        if (i % 500 == 499)
            x = 1 + i;
    }
    uint32_t standard = 0x1f80;
    __asm__ volatile("ldmxcsr %0" : : "m"(standard));
    printf("exceptions are sticky: %016lx\n", sum);
}

static void leave_loop(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_R12] = 1;
}

/* Only the handler can end these loops: it changes a register that they look at. */
static void timer(void)
{
    on(SIGALRM, leave_loop);
    const struct itimerval soon = {.it_value = {.tv_usec = 300}};
    int left = 0;
    for (int i = 0; i < 10; i++) {
        uint64_t turns = 0, memory = 0;
        setitimer(ITIMER_REAL, &soon, NULL);
        __asm__ volatile("xor %%r12d, %%r12d\n1:\tinc %0\n\tadd %0, %1\n\tpush %0\n\tpop %%rdx\n\ttest %%r12, %%r12\n\tjz 1b"
                         : "+r"(turns), "+m"(memory)
                         :
                         : "r12", "rdx", "memory", "cc");
        left += turns > 0 && (turns & 1 ? (turns + 1) / 2 * turns : turns / 2 * (turns + 1)) == memory;
    }
    printf("a timer's handler ended %d loops\n", left);
}

static uint8_t *area;
static volatile int faults;

static void go_back(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    faults++;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RBX] -= PAGE;
}

static void allow(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    faults++;
    mprotect((void *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE);
}

static void correct_divisor(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    faults++;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RCX] = 3;
}

static void handlers(void)
{
    area = pages(3, PROT_READ | PROT_WRITE);
    mprotect(area + 2 * PAGE, PAGE, PROT_NONE);
    for (int i = 0; i < 2 * PAGE; i++)
        area[i] = (uint8_t)(i * 7);
    on(SIGSEGV, go_back);
    uint64_t sum = 0, left = 200000;
    uint8_t *at = area;
    __asm__ volatile("1:\tmov (%%rbx), %%rax\n\tadd %%rax, %0\n\tadd $3, %%rbx\n\tdec %1\n\tjnz 1b"
                     : "+r"(sum), "+r"(left), "+b"(at)
                     :
                     : "rax", "memory", "cc");
    printf("behind the end %d times: %016lx %ld\n", faults, sum, at - area);

    on(SIGSEGV, allow);
    faults = 0;
    for (int round = 0; round < 50; round++) {
        mprotect(area, 2 * PAGE, PROT_READ);
        for (int i = 0; i < 2 * PAGE; i += 5)
            ((volatile uint8_t *)area)[i] += (uint8_t)round;
    }
    sum = 0;
    for (int i = 0; i < 2 * PAGE; i++)
        sum = mix(sum, area[i]);
    printf("pages became writable %d times: %016lx\n", faults, sum);

    on(SIGFPE, correct_divisor);
    faults = 0;
    sum = 0;
    for (uint64_t i = 0; i < 60000; i++) {
        uint64_t quotient = i * 1000003, remainder = 0;
        __asm__ volatile("div %%rcx" : "+a"(quotient), "+d"(remainder) : "c"(i % 3000) : "cc");
        sum = mix(sum, quotient + remainder);
    }
    printf("divided by zero %d times: %016lx\n", faults, sum);
}

static volatile uint64_t traps, trap_sum;

/* Every fifth trap ends it. */
static void trapped(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    trap_sum = mix(trap_sum, (uint64_t)registers[REG_RAX]);
    if (++traps % 5 == 0)
        registers[REG_EFL] &= ~TF;
}

static void misaligned(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    faults++;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~AC;
}

/* Flags come from a table: a few of them step, or check alignment. */
static void flags(void)
{
    static uint64_t table[256];
    uint64_t x = 0;
    on(SIGTRAP, trapped);
    on(SIGBUS, misaligned);
    faults = 0;
    for (int bit = 0; bit < 2; bit++) {
        for (int i = 0; i < 256; i++)
            table[i] = 0x202 | (i % 64 == 63 ? (bit ? AC : TF) : i & 1);
        uint64_t sum = 0, left = 30000;
        __asm__ volatile("1:\tmovzbl %b2, %%edx\n\tpush (%3,%%rdx,8)\n\tpopf\n\tadc %2, %0\n\tmov 3(%4), %%eax\n\tadd %%rax, %0\n\tlea -1(%2), %2\n\ttest %2, %2\n\tjnz 1b\n\tpush $0x202\n\tpopf"
                         : "+r"(sum), "+a"(x), "+r"(left)
                         : "r"(table), "r"(area)
                         : "rdx", "memory", "cc");
        printf("flags from a table: %016lx, %lu traps (%016lx), %d misaligned\n", sum, traps, trap_sum, faults);
    }
}

/* FS and GS change in each turn; FS is the library's, which must not run meanwhile. */
static void segments(void)
{
    static uint64_t data[64];
    for (uint64_t i = 0; i < 64; i++)
        data[i] = i * 0x0123456789abcdef;
    uint64_t sum = 0;
    uintptr_t library;
    syscall(SYS_arch_prctl, ARCH_GET_FS, &library);
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t a = 0, ignored;
        const uint64_t *at = data + i % 61;
        if (i % 4 == 0)
            __asm__ volatile("syscall" : "=a"(ignored) : "a"(SYS_arch_prctl), "D"(ARCH_SET_GS), "S"(at) : "rcx", "r11", "memory");
        __asm__ volatile("mov %%gs:8, %0" : "=r"(a) : : "memory");
        sum = mix(sum, a);
        __asm__ volatile("syscall" : "=a"(ignored) : "a"(SYS_arch_prctl), "D"(ARCH_SET_FS), "S"(at) : "rcx", "r11", "memory");
        __asm__ volatile("mov %%fs:16, %0\n\tadd %%fs:(%1), %0" : "=&r"(a) : "r"(i % 8) : "memory");
        sum = mix(sum, a);
        __asm__ volatile("syscall" : "=a"(ignored) : "a"(SYS_arch_prctl), "D"(ARCH_SET_FS), "S"(library) : "rcx", "r11", "memory");
    }
    printf("segments move: %016lx\n", sum);
}

/* Accesses over the ends of pages, and a stack whose words lie on two. */
static void edges(void)
{
    uint8_t *memory = pages(64, PROT_READ | PROT_WRITE);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 60000; i++) {
        uint8_t *end = memory + (1 + i % 62) * PAGE;
        uint64_t value;
        memcpy(&value, end - 3, 8);
        value = mix(value, i);
        memcpy(end - 3 - i % 5, &value, 8);
        __asm__ volatile("movdqu -9(%1), %%xmm0\n\tpaddq %%xmm0, %%xmm0\n\tmovdqu %%xmm0, -7(%1)\n\tlock addl $3, -2(%1)\n\tmov -1(%1), %0"
                         : "=&r"(value)
                         : "r"(end)
                         : "xmm0", "memory");
        sum = mix(sum, value);
    }
    printf("ends of pages: %016lx\n", sum);
    sum = 0;
    uint64_t left = 100000;
    uint8_t *stack = memory + 8 * PAGE + 4;
    __asm__ volatile("xchg %%rsp, %2\n"
                     "1:\tpush %1\n\tcall 2f\n\tpop %%rax\n\tadd %%rax, %0\n\tdec %1\n\tjnz 1b\n\tjmp 3f\n"
                     "2:\tpush %0\n\trol $5, %0\n\txor (%%rsp), %0\n\tadd $8, %%rsp\n\tret\n"
                     "3:\txchg %%rsp, %2"
                     : "+r"(sum), "+r"(left), "+r"(stack)
                     :
                     : "rax", "memory", "cc");
    printf("a stack over two pages: %016lx\n", sum);
    munmap(memory, 64 * PAGE);
}

/* 1: lea eax, [rax + rax*4 + imm]; dec rdi; jnz 1b; ret */
static const uint8_t summing[] = {0x31, 0xc0, 0x48, 0x8d, 0x84, 0x80, 1, 0, 0, 0, 0x48, 0xff, 0xcf, 0x75, 0xf3, 0xc3};

static void stop_executing(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    faults++;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    memcpy(&registers[REG_RIP], (void *)registers[REG_RSP], 8);
    registers[REG_RSP] += 8;
    registers[REG_RAX] = 42;
}

static void code(void)
{
    uint8_t *page = pages(2, PROT_READ | PROT_WRITE | PROT_EXEC);
    uint64_t sum = 0;
    memcpy(page, summing, sizeof summing);
    for (uint8_t i = 0; i < 20; i++) {
        page[6] = i;
        sum = mix(sum, ((function *)page)(20000));
        if (i % 4 == 3) {
            mmap(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
            memcpy(page, summing, sizeof summing);
            page[7] = i;
        }
    }
    printf("code changes between long runs: %016lx\n", sum);

    /* The loop writes its own immediate once in 8192 turns: cmp/test on the counter, and a store that is mostly jumped over. */
    static const uint8_t rewriting[] = {
        0x31, 0xc0,                               /*    xor eax, eax */
        0xf7, 0xc7, 0xff, 0x1f, 0x00, 0x00,       /* 1: test edi, 8191 */
        0x75, 0x06,                               /*    jnz 2f */
        0x89, 0x3d, 0x02, 0x00, 0x00, 0x00,       /*    mov [rip+2], edi: the immediate below */
        0x48, 0x05, 0x11, 0x00, 0x00, 0x00,       /* 2: add rax, 17 */
        0x48, 0xc1, 0xc0, 0x03,                   /*    rol rax, 3 */
        0xff, 0xcf,                               /*    dec edi */
        0x75, 0xe4,                               /*    jnz 1b */
        0xc3,
    };
    sum = 0;
    memcpy(page + PAGE - 11, rewriting, sizeof rewriting);
    for (int i = 0; i < 3; i++)
        sum = mix(sum, ((function *)(page + PAGE - 11))(100000));
    printf("code changes itself in a long run: %016lx\n", sum);

    memcpy(page, summing, sizeof summing);
    on(SIGSEGV, stop_executing);
    faults = 0;
    sum = 0;
    for (int i = 0; i < 12; i++) {
        mprotect(page, PAGE, i % 3 == 2 ? PROT_READ : PROT_READ | PROT_EXEC);
        sum = mix(sum, ((function *)page)(10000));
        if (i % 6 == 5) {
            munmap(page, PAGE);
            sum = mix(sum, ((function *)page)(10000));
            mmap(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
            memcpy(page, summing, sizeof summing);
        }
    }
    printf("code was gone %d times: %016lx\n", faults, sum);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        sticky();
        rounding();
        return 7;
    }
    sticky();
    timer();
    handlers();
    flags();
    segments();
    edges();
    code();
    fflush(stdout);
    execve("/proc/self/exe", (char *[]){"hot-loops", "again", NULL}, (char *[]){NULL});
    return 1;
}
