/* XSAVE's family on random states and areas: prints a digest of what each instruction leaves, natively and in tsvm alike. All masks are within x87, SSE
   and AVX state, because processors have more. Arguments: SEED COUNT [FIRST [LAST]]: cases FIRST to LAST are printed one by one.
   Freestanding; nothing but the instructions under test touches vector or x87 registers. */

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

enum {
    SYS_write = 1, SYS_rt_sigaction = 13, SYS_rt_sigreturn = 15, SYS_exit = 60,
    SIGILL = 4, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SA_SIGINFO = 4, SA_RESTORER = 0x04000000,
    AREA = 1024,
};

struct ucontext { u64 head[5]; u64 r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags, segments, err, trapno, oldmask, cr2; };
struct sigaction { void (*handler)(int, void *, struct ucontext *); u64 flags; void (*restorer)(void); u64 mask; };

static u64 seed;
static u32 trap;
static u8 start[AREA] __attribute__((aligned(64))), area[AREA] __attribute__((aligned(64))), after[AREA] __attribute__((aligned(64)));

static long call(long number, u64 a, u64 b, u64 c, u64 d)
{
    long status;
    register u64 r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(status) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return status;
}

static u64 random64(void)
{
    seed += 0x9e3779b97f4a7c15;
    u64 z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static void fill(void *to, u8 value, u64 size) { __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory"); }
static void randomise(u8 *to, u64 size) { for (u64 i = 0; i < size; i += 8) *(u64 *)(to + i) = random64(); }

static void put(const char *text)
{
    u64 length = 0;
    while (text[length]) length++;
    call(SYS_write, 1, (u64)text, length, 0);
}

static void hex(u64 value, int digits)
{
    char text[18];
    for (int i = 0; i < digits; i++) text[i] = "0123456789abcdef"[(value >> (4 * (digits - 1 - i))) & 15];
    text[digits] = 0;
    put(text);
}

static u64 digest(u64 hash, const u8 *bytes, u64 size)
{
    for (u64 i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}

/* Skips the instruction, whose length is in rbx. */
static void handler(int signal, void *info, struct ucontext *context)
{
    (void)info;
    trap = (u32)(signal << 8 | context->trapno);
    context->rip += context->rbx;
}

__asm__("restorer: mov $15, %eax; syscall");
extern void restorer(void);

/* A state component in its initial state, in a state near it, or anything. */
static void x87_state(u8 *image)
{
    fill(image, 0, 24);
    fill(image + 32, 0, 128);
    *(u32 *)image = 0x37f;
    u64 choice = random64();
    switch (choice & 7) {
    case 0: case 1: return;
    case 2: image[(choice >> 8) % 6] ^= (u8)(1 << (choice >> 16 & 7)); return;
    case 3: image[32 + (choice >> 8 & 127)] = (u8)(choice >> 16); return;
    default:
        randomise(image, 24);
        randomise(image + 32, 128);
    }
    /* Processors hold as many bits of the pointers as their linear addresses have; AMD's forget pointers and opcode where no exception is pending. */
    for (int i = 8; i < 24; i += 8) *(long *)(image + i) = *(long *)(image + i) << 16 >> 16;
    if (choice & 1) image[0] &= (u8)~(1 << (choice >> 8) % 6), image[2] |= (u8)(1 << (choice >> 8) % 6);
    else fill(image + 6, 0, 18), image[0] |= 0x3f;
}

static void vector_state(u8 *image)
{
    fill(image, 0, 256);
    u64 choice = random64();
    if ((choice & 3) == 0) return;
    if ((choice & 3) == 1) image[choice >> 8 & 255] = (u8)(1 << (choice >> 16 & 7));
    else randomise(image, 256);
}

static u32 mxcsr(void)
{
    u64 choice = random64();
    return (choice & 3) == 0 ? 0x1f80 : (u32)(choice >> 8) & 0xffbf;
}

static void load_state(void)
{
    fill(start, 0, AREA);
    x87_state(start);
    vector_state(start + 160);
    vector_state(start + 576);
    *(u32 *)(start + 24) = mxcsr();
    start[512] = 7;
    __asm__ volatile("xrstor64 (%0)" : : "r"(start), "a"(7), "d"(0) : "memory");
}

/* An area as XRSTOR may meet it: mostly valid. */
static void make_area(void)
{
    randomise(area, AREA);
    x87_state(area);
    vector_state(area + 160);
    vector_state(area + 576);
    u64 choice = random64();
    *(u32 *)(area + 24) = mxcsr();
    if ((choice & 15) == 0) area[26 + (choice >> 4 & 1)] = (u8)(choice >> 8) & ~2;
    fill(area + 512, 0, 64);
    u8 states = choice >> 16 & 7, components = choice >> 20 & 7;
    area[512] = states;
    if (choice >> 24 & 1) {
        area[520] = components;
        area[527] = 0x80;
        if (choice >> 25 & 3) area[512] &= components;
    }
    if ((choice >> 28 & 7) == 0) {
        static const u8 places[] = {1, 4, 5, 6, 7, 9, 12, 13, 14, 15, 16, 17, 23, 24, 25, 31, 32, 47, 63};
        u8 bit = (u8)(1 << (choice >> 32 & 7));
        u32 place = places[(choice >> 40) % sizeof places];
        area[512 + place] |= bit;
    } else if ((choice >> 28 & 7) == 1) {
        area[512] |= (u8)(8 << (choice >> 32 & 1));
    }
}

#define RUN(code, length) __asm__ volatile("mov %[n], %%ebx; " code : "+a"(low), "+d"(high) : [n] "i"(length), "S"(at), "c"(which) : "rbx", "memory")

int main(int argc, char **argv)
{
    struct sigaction action = {handler, SA_SIGINFO | SA_RESTORER, restorer, 0};
    static const int signals[] = {SIGILL, SIGBUS, SIGFPE, SIGSEGV};
    for (int i = 0; i < 4; i++) call(SYS_rt_sigaction, (u64)signals[i], (u64)&action, 0, 8);
    u64 numbers[4] = {1, 1000, -1ul, -1ul};
    for (int i = 1; i < argc && i < 5; i++) {
        numbers[i - 1] = 0;
        for (const char *p = argv[i]; *p; p++) numbers[i - 1] = numbers[i - 1] * 10 + (u64)(*p - '0');
    }
    static const char *const names[] = {"xsave", "xsave64", "xsaveopt", "xsaveopt64", "xsavec", "xsavec64", "xrstor", "xrstor64", "xgetbv"};
    u64 hashes[9], counts[9] = {0}, traps[9] = {0};
    for (int i = 0; i < 9; i++) hashes[i] = 0xcbf29ce484222325;
    /* What the kernel does in between may change which components the processor takes for used: a case counts when it gives the same twice in a row. */
    u64 last = 0, again = 0;
    for (u64 i = 0; i < numbers[1]; i += !again) {
        seed = numbers[0] * 0x100000000 + i;
        load_state();
        make_area();
        u64 choice = random64();
        u32 what = (u32)(choice & 15) % 9;
        u32 low = choice >> 8 & 7, high = 0, which = 1;
        u8 *at = area + ((choice >> 16 & 63) == 0 ? choice >> 24 & 63 : 0);
        trap = 0;
        switch (what) {
        case 0: RUN("xsave (%%rsi)", 3); break;
        case 1: RUN("xsave64 (%%rsi)", 4); break;
        case 2: RUN("xsaveopt (%%rsi)", 3); break;
        case 3: RUN("xsaveopt64 (%%rsi)", 4); break;
        case 4: RUN("xsavec (%%rsi)", 3); break;
        case 5: RUN("xsavec64 (%%rsi)", 4); break;
        case 6: RUN("xrstor (%%rsi)", 3); break;
        case 7: RUN("xrstor64 (%%rsi)", 4); break;
        default: RUN("xgetbv", 3); low &= 7; break;
        }
        u32 result = low;
        fill(after, 0, AREA);
        low = 7;
        high = 0;
        __asm__ volatile("xsave64 (%0)" : : "r"(after), "a"(low), "d"(high) : "memory");
        /* AMD's MXCSR has a bit more. */
        area[30] &= ~2;
        after[30] &= ~2;
        u64 hash = digest(0xcbf29ce484222325, area, AREA);
        hash = digest(hash, after, 832);
        hash = digest(hash, (u8 *)&trap, 4);
        hash = digest(hash, (u8 *)&result, 4);
        again = !again || hash != last;
        last = hash;
        if (again) continue;
        hashes[what] = digest(hashes[what], (u8 *)&hash, 8);
        counts[what]++;
        traps[what] += trap != 0;
        if (i >= numbers[2] && i <= numbers[3]) {
            hex(i, 8), put(" "), put(names[what]), put(" mask "), hex(choice >> 8 & 7, 1), put(" trap "), hex(trap, 4), put(" result "), hex(result, 8), put(" "), hex(hash, 16), put("\n");
            if (numbers[2] == numbers[3]) {
                u8 *const lists[] = {start, area, after};
                for (int list = 0; list < 3; list++)
                    for (int row = 0; row < 832; row += 16) {
                        hex((u64)row, 3), put(":");
                        for (int j = 0; j < 16; j++) put(" "), hex(lists[list][row + j], 2);
                        put("\n");
                    }
            }
        }
    }
    if (numbers[2] == -1ul) for (int i = 0; i < 9; i++) put(names[i]), put(" "), hex(counts[i], 6), put(" cases, "), hex(traps[i], 6), put(" faults, "), hex(hashes[i], 16), put("\n");
    return 0;
}

__asm__(".globl _start; _start: mov (%rsp), %edi; lea 8(%rsp), %rsi; and $-16, %rsp; call main; mov %eax, %edi; mov $60, %eax; syscall");
