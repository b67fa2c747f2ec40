/* Executes single instructions on the processor it runs on, for the tests in test/insn.
   stdin: a stream of `struct test_case`; stdout: one `struct test_result` for each, in order. Little-endian, no padding.

   The state is loaded and saved by the kernel: the instruction lies in a page of int3, so it always ends in a signal, whose
   frame holds the state after it. The handler writes that out, puts the next case into the frame and returns into it.
   Freestanding, without thread-local storage, because a case may change the FS base. */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

enum {
    CODE_PAGE = 0x100000, INSTRUCTION = 0x100800, DATA = 0x200000, PAGE = 4096,
    SYS_read = 0, SYS_write = 1, SYS_mmap = 9, SYS_rt_sigaction = 13, SYS_rt_sigreturn = 15, SYS_exit = 60,
    SYS_sigaltstack = 131, SYS_arch_prctl = 158,
    ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003, ARCH_GET_GS = 0x1004,
    SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11,
    SA_SIGINFO = 4, SA_RESTORER = 0x04000000, SA_ONSTACK = 0x08000000,
    FX_BYTES = 464, FP_XSTATE_MAGIC1 = 0x46505853,
};

struct state {
    u64 gpr[16]; /* rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15 */
    u64 rip, rflags, fs_base, gs_base;
    u8 fx[512];   /* FXSAVE64 image; bytes 464 to 511 are not used */
    u8 ymm[256];  /* upper halves of ymm0 to ymm15, where there is AVX */
    u8 data[PAGE];
};

struct test_case {
    u32 length;
    u8 code[20];
    struct state state;
};

struct test_result {
    u32 signal, code; /* si_signo, si_code */
    u64 address;      /* si_addr */
    u64 trap, error, cr2;
    struct state state;
};

struct ucontext {
    u64 flags, link;
    struct { u64 sp; u32 flags, pad; u64 size; } stack;
    u64 r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags, segments, err, trapno, oldmask, cr2;
    u8 *fpstate;
};

struct siginfo { int signo, errno_, code, pad; u64 address; };
struct sigaction { void (*handler)(int, struct siginfo *, struct ucontext *); u64 flags; void (*restorer)(void); u64 mask; };
struct stack { void *sp; int flags; u64 size; };

static u8 signal_stack[1 << 16] __attribute__((aligned(64)));
static struct test_case next;
static struct test_result result;
static int first = 1;

static long call(long number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
    long status;
    register u64 r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(status) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return status;
}

static void copy(void *to, const void *from, u64 size)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

static void fill(void *to, u8 value, u64 size)
{
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
}

static void leave(int status)
{
    call(SYS_exit, (u64)status, 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

static void write_all(const void *from, u64 size)
{
    for (const u8 *p = from; size;) {
        long n = call(SYS_write, 1, (u64)p, size, 0, 0, 0);
        if (n <= 0)
            leave(2);
        p += n, size -= (u64)n;
    }
}

/* 0 at the end of the input. */
static int read_all(void *to, u64 size)
{
    u64 have = 0;
    while (have < size) {
        long n = call(SYS_read, 0, (u64)((u8 *)to + have), size - have, 0, 0, 0);
        if (n < 0)
            leave(3);
        if (n == 0) {
            if (have)
                leave(4);
            return 0;
        }
        have += (u64)n;
    }
    return 1;
}

/* The general registers of the frame, in the order of encodings. */
static u64 *frame_register(struct ucontext *u, int i)
{
    u64 *const registers[16] = {&u->rax, &u->rcx, &u->rdx, &u->rbx, &u->rsp, &u->rbp, &u->rsi, &u->rdi,
                                &u->r8,  &u->r9,  &u->r10, &u->r11, &u->r12, &u->r13, &u->r14, &u->r15};
    return registers[i];
}

/* Upper halves of the YMM registers in the frame, or 0: an extended frame that holds state component 2. */
static u8 *upper_halves(u8 *fx)
{
    return *(u32 *)(fx + 464) == FP_XSTATE_MAGIC1 && *(u64 *)(fx + 472) & 4 ? fx + 576 : 0;
}

static void save(int signal, struct siginfo *info, struct ucontext *u)
{
    struct state *s = &result.state;
    result.signal = (u32)signal;
    result.code = (u32)info->code;
    result.address = info->address;
    result.trap = u->trapno;
    result.error = u->err;
    result.cr2 = u->cr2;
    for (int i = 0; i < 16; i++)
        s->gpr[i] = *frame_register(u, i);
    s->rip = u->rip;
    s->rflags = u->rflags;
    call(SYS_arch_prctl, ARCH_GET_FS, (u64)&s->fs_base, 0, 0, 0, 0);
    call(SYS_arch_prctl, ARCH_GET_GS, (u64)&s->gs_base, 0, 0, 0, 0);
    copy(s->fx, u->fpstate, FX_BYTES);
    u8 *upper = upper_halves(u->fpstate);
    if (upper && *(u64 *)(u->fpstate + 512) & 4)
        copy(s->ymm, upper, sizeof s->ymm);
    else
        fill(s->ymm, 0, sizeof s->ymm);
    copy(s->data, (void *)DATA, PAGE);
}

static void load(struct ucontext *u)
{
    struct state *s = &next.state;
    fill((void *)CODE_PAGE, 0xcc, PAGE);
    copy((void *)INSTRUCTION, next.code, next.length);
    for (int i = 0; i < 16; i++)
        *frame_register(u, i) = s->gpr[i];
    u->rip = INSTRUCTION;
    u->rflags = s->rflags;
    call(SYS_arch_prctl, ARCH_SET_FS, s->fs_base, 0, 0, 0, 0);
    call(SYS_arch_prctl, ARCH_SET_GS, s->gs_base, 0, 0, 0, 0);
    copy(u->fpstate, s->fx, FX_BYTES);
    if (*(u32 *)(u->fpstate + 464) == FP_XSTATE_MAGIC1)
        *(u64 *)(u->fpstate + 512) |= 3;
    u8 *upper = upper_halves(u->fpstate);
    if (upper) {
        *(u64 *)(u->fpstate + 512) |= 4;
        copy(upper, s->ymm, sizeof s->ymm);
    }
    copy((void *)DATA, s->data, PAGE);
}

static void handler(int signal, struct siginfo *info, struct ucontext *u)
{
    /* AC, DF, NT and ID as a C program expects them; sigreturn takes NT and ID from here. */
    __asm__ volatile("pushq $2; popfq" ::: "memory", "cc");
    if (!first) {
        save(signal, info, u);
        write_all(&result, sizeof result);
    }
    first = 0;
    if (!read_all(&next, sizeof next))
        leave(0);
    load(u);
}

void restorer(void);
__asm__("restorer: movl $15, %eax; syscall");

void start(void)
{
    u64 flags = 0x32; /* MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED */
    if (call(SYS_mmap, CODE_PAGE, PAGE, 7, flags, (u64)-1, 0) != CODE_PAGE || call(SYS_mmap, DATA, PAGE, 3, flags, (u64)-1, 0) != DATA)
        leave(5);
    struct stack stack = {signal_stack, 0, sizeof signal_stack};
    call(SYS_sigaltstack, (u64)&stack, 0, 0, 0, 0, 0);
    static const int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV};
    for (int i = 0; i < 5; i++) {
        struct sigaction action = {handler, SA_SIGINFO | SA_RESTORER | SA_ONSTACK, restorer, 0};
        if (call(SYS_rt_sigaction, (u64)signals[i], (u64)&action, 0, 8, 0, 0))
            leave(6);
    }
    __asm__ volatile("int3");
    leave(7);
}

__asm__(".globl _start\n_start: xorl %ebp, %ebp; andq $-16, %rsp; call start");
