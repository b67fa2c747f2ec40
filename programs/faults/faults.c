/* Every synchronous signal of an x86-64 processor, with what the kernel tells the handler; recovery by siglongjmp and by
   changing the saved instruction pointer. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static char *const area = (char *)0x200000000000;
enum { PAGE = 4096 };

static sigjmp_buf back;
static volatile uintptr_t resume_at;
static int seen_signal, seen_code;
static uintptr_t seen_address, seen_rip, seen_cr2, seen_rflags;
static long seen_trap, seen_error;

static void handler(int signal, siginfo_t *info, void *context)
{
    __asm__ volatile("pushfq; andq $~0x40000, (%%rsp); popfq" ::: "memory", "cc");  /* the kernel leaves RFLAGS.AC set */
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
    seen_signal = signal;
    seen_code = info->si_code;
    seen_address = (uintptr_t)info->si_addr;
    seen_rip = (uintptr_t)machine->gregs[REG_RIP];
    seen_trap = machine->gregs[REG_TRAPNO];
    seen_error = machine->gregs[REG_ERR];
    seen_cr2 = (uintptr_t)machine->gregs[REG_CR2];
    seen_rflags = (uintptr_t)machine->gregs[REG_EFL];
    machine->gregs[REG_EFL] &= ~0x40100;
    if (machine->fpregs)
        machine->fpregs->mxcsr = 0x1f80, machine->fpregs->cwd = 0x37f, machine->fpregs->swd = 0;
    if (resume_at) {
        machine->gregs[REG_RIP] = (long)resume_at;
        return;
    }
    siglongjmp(back, 1);
}

static const char *signal_name(int signal)
{
    switch (signal) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    case SIGILL: return "SIGILL";
    case SIGTRAP: return "SIGTRAP";
    default: return "?";
    }
}

static const char *place(uintptr_t address, uintptr_t start)
{
    static char text[2][40];
    static int turn;
    char *out = text[turn ^= 1];
    if (address >= start && address < start + 64)
        snprintf(out, sizeof text[0], "start+%lu", address - start);
    else if (address >= (uintptr_t)area && address < (uintptr_t)area + 16 * PAGE)
        snprintf(out, sizeof text[0], "area+%#lx", address - (uintptr_t)area);
    else if (address < 65536)
        snprintf(out, sizeof text[0], "%#lx", address);
    else
        snprintf(out, sizeof text[0], "elsewhere");
    return out;
}

/* Runs NAME_start to NAME_end with rdi = area (or a given value); the handler goes on at NAME_end. */
#define CASE(NAME, VALUE, CODE) do {                                                                    \
    extern const char NAME##_start[], NAME##_end[];                                                     \
    resume_at = (uintptr_t)NAME##_end;                                                                  \
    seen_signal = 0;                                                                                    \
    uintptr_t value = (uintptr_t)(VALUE);                                                               \
    __asm__ volatile(".globl " #NAME "_start, " #NAME "_end\n" #NAME "_start:\n" CODE "\n" #NAME "_end:\n"\
        : "+D"(value) : : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "memory", "cc");                     \
    report(#NAME, (uintptr_t)NAME##_start);                                                             \
} while (0)

static void report(const char *name, uintptr_t start)
{
    if (!seen_signal) {
        printf("%-18s nothing\n", name);
        return;
    }
    printf("%-18s %-7s code %3d addr %-12s rip %-12s trap %2ld", name, signal_name(seen_signal), seen_code,
           place(seen_address, start), place(seen_rip, start), seen_trap);
    if (seen_trap == 14)
        printf(" error %#lx cr2 %s", seen_error, place(seen_cr2, start));
    else
        printf(" error %#lx", seen_error);
    printf("\n");
}

static void memory_faults(void)
{
    mmap(area, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mmap(area + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mmap(area + 3 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    CASE(read_null, 0, "nop; movl 16(%%rdi), %%eax");
    CASE(write_null, 0, "movb $1, 8(%%rdi)");
    CASE(read_unmapped, area + 4 * PAGE, "movq 24(%%rdi), %%rax");
    CASE(write_unmapped, area + 4 * PAGE, "movq %%rax, 24(%%rdi)");
    CASE(read_only, area + 2 * PAGE, "movq (%%rdi), %%rax; movq %%rax, 32(%%rdi)");
    CASE(read_none, area + 3 * PAGE, "movzbl 5(%%rdi), %%eax");
    CASE(write_none, area + 3 * PAGE, "addl $1, 4(%%rdi)");
    CASE(crossing, area + 4 * PAGE - 3, "movl -4093(%%rdi), %%eax; movl (%%rdi), %%eax");
    CASE(crossing_write, area + 2 * PAGE - 3, "movq %%rax, (%%rdi)");
    CASE(execute_data, area, "jmp *%%rdi");
    CASE(execute_unmapped, area + 4 * PAGE + 64, "jmp *%%rdi");
    CASE(not_canonical, 0x800000000000, "movl (%%rdi), %%eax");
    CASE(not_canonical_high, 0xfff0000000000000, "movl %%eax, (%%rdi)");
    CASE(kernel_half, 0xffff800000000000, "movl (%%rdi), %%eax");
    CASE(aligned_sse, area + 8, "movaps (%%rdi), %%xmm0");
    CASE(alignment_check, area + 1, "pushfq; orq $0x40000, (%%rsp); popfq; movl (%%rdi), %%eax");

    int fd = memfd_create("short", 0);
    if (ftruncate(fd, 100))
        return;
    mmap(area + 8 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
    CASE(file_end, area + 8 * PAGE, "movl 4000(%%rdi), %%eax");
    CASE(past_file_end, area + 9 * PAGE, "movl 4(%%rdi), %%eax");
    close(fd);
}

static void processor_faults(void)
{
    static const uint32_t no_mask = 0x1d80;     /* MXCSR with divide-by-zero unmasked */
    static const uint16_t x87_no_mask = 0x37b;  /* x87 control word with divide-by-zero unmasked */
    CASE(divide_by_zero, area, "xorl %%ecx, %%ecx; movl $1, %%eax; xorl %%edx, %%edx; divl %%ecx");
    CASE(divide_overflow, area, "movl $2, %%ecx; movl $1, %%eax; movl $2, %%edx; divl %%ecx");
    CASE(idiv_overflow, area, "movq $-1, %%rcx; movabsq $-0x8000000000000000, %%rax; cqto; idivq %%rcx");
    CASE(sse_divide, &no_mask, "ldmxcsr (%%rdi); pxor %%xmm1, %%xmm1; pcmpeqd %%xmm0, %%xmm0; psrlq $54, %%xmm0; psllq $52, %%xmm0; divsd %%xmm1, %%xmm0");
    CASE(x87_divide, &x87_no_mask, "fninit; fldcw (%%rdi); fld1; fldz; fdivrp; fwait");
    __asm__ volatile("fninit");
    CASE(undefined, area, "nop; ud2");
    CASE(privileged, area, "hlt");
    CASE(input_output, area, "movl $0x80, %%edx; inb %%dx, %%al");
    CASE(interrupt_gate, area, "int $0x40");
    CASE(breakpoint, area, "nop; int3");
    CASE(single_step, area, "pushfq; orq $0x100, (%%rsp); popfq; nop; nop; nop");
}

static void long_jumps(void)
{
    volatile int count = 0;
    resume_at = 0;
    for (int i = 0; i < 1000; i++)
        if (sigsetjmp(back, 1) == 0)
            *(volatile char *)(area + 4 * PAGE + i) = 1;
        else
            count += seen_signal == SIGSEGV && seen_address == (uintptr_t)area + 4 * PAGE + (unsigned)i;
    printf("%d times back by siglongjmp\n", count);
}

/* A string instruction that faults in its middle keeps what it has done. */
static void middle_of_a_string(void)
{
    extern const char string_end[];
    resume_at = (uintptr_t)string_end;
    memset(area, 'm', 2 * PAGE);
    uintptr_t source = (uintptr_t)area, target = (uintptr_t)area + 2 * PAGE - 10, count = 100;
    __asm__ volatile(".globl string_end\ncld; rep movsb\nstring_end:" : "+S"(source), "+D"(target), "+c"(count) : : "memory");
    printf("rep movsb stopped: source +%lu, target +%#lx, %lu left, fault at %s\n", source - (uintptr_t)area,
           target - (uintptr_t)area, count, place(seen_address, UINTPTR_MAX));
}

static void on_another_stack(void)
{
    static char stack[65536];
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternative, NULL);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
    resume_at = 0;
    seen_signal = 0;
    if (sigsetjmp(back, 1) == 0)
        __asm__ volatile("movl $64, %%esp; pushq $1" ::: "memory");
    printf("a push below page 0: %s addr %s\n", signal_name(seen_signal), place(seen_address, UINTPTR_MAX));
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    for (int i = 0; i < 5; i++)
        sigaction(signals[i], &action, NULL);
    memory_faults();
    processor_faults();
    long_jumps();
    middle_of_a_string();
    on_another_stack();
    printf("and the last one is not caught\n");
    fflush(stdout);
    signal(SIGSEGV, SIG_DFL);
    __asm__ volatile("movl $1, 8" ::: "memory");
    return 0;
}
