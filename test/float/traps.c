/*
 * Vector arithmetic whose elements raise different exceptions, with each of them unmasked in turn: prints the signal's code, MXCSR as the handler
 * found it, MXCSR behind the instruction, and the destination.
 */
#define _GNU_SOURCE
#include <immintrin.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

static sigjmp_buf back;
static int code;
static unsigned found;

static void trap(int number, siginfo_t *info, void *context)
{
    (void)number;
    code = info->si_code;
    found = ((ucontext_t *)context)->uc_mcontext.fpregs->mxcsr;
    siglongjmp(back, 1);
}

static const float a[8] = {1, 0, 3e38f, 1e-38f, -1, 1e-40f, 5, 7};
static const float b[8] = {3, 0, 1e-10f, 1e30f, 0, 2, 1e30f, 0};
static const float c[8] = {1, 2, 3, 4, 1e-39f, 1e-20f, 7, -8};

static __m256 widened(__m128i value)
{
    return _mm256_castsi256_ps(_mm256_castsi128_si256(value));
}

#define CASE(name, expression) \
    static __m256 name(__m256 x, __m256 y, __m256 z) \
    { \
        (void)x, (void)y, (void)z; \
        return expression; \
    }
CASE(divide, _mm256_div_ps(x, y))
CASE(fused, _mm256_fmadd_ps(x, y, z))
CASE(root, _mm256_sqrt_ps(x))
CASE(compared, _mm256_cmp_ps(x, y, _CMP_LT_OS))
CASE(halves, widened(_mm256_cvtps_ph(x, 0)))
CASE(dot, _mm256_dp_ps(x, y, 0xff))
CASE(sums, _mm256_hadd_ps(x, z))
CASE(integers, _mm256_castsi256_ps(_mm256_cvtps_epi32(x)))
CASE(rounded, _mm256_round_ps(x, _MM_FROUND_CUR_DIRECTION))
CASE(doubles, _mm256_castpd_ps(_mm256_cvtps_pd(_mm256_extractf128_ps(x, 1))))
CASE(narrowed, _mm256_zextps128_ps256(_mm256_cvtpd_ps(_mm256_set_pd(1e-300, 1e300, 0.1, 1))))

static const struct {
    const char *name;
    __m256 (*run)(__m256, __m256, __m256);
} cases[] = {
    {"divide", divide}, {"fused", fused}, {"root", root}, {"compared", compared}, {"halves", halves}, {"dot", dot}, {"sums", sums},
    {"integers", integers}, {"rounded", rounded}, {"doubles", doubles}, {"narrowed", narrowed},
};

static void run(int i, unsigned control)
{
    static uint32_t words[8];
    for (int k = 0; k < 8; k++)
        words[k] = 0x77777777;
    code = 0;
    found = 0;
    volatile unsigned behind = 0;
    if (!sigsetjmp(back, 1)) {
        __m256 x = _mm256_loadu_ps(a), y = _mm256_loadu_ps(b), z = _mm256_loadu_ps(c);
        _mm_setcsr(control);
        __m256 r = cases[i].run(x, y, z);
        behind = _mm_getcsr();
        memcpy(words, &r, sizeof words);
    }
    _mm_setcsr(0x1f80);
    printf("%s %04x: code %d, %04x, %04x,", cases[i].name, control, code, found, behind);
    for (int k = 0; k < 8; k++)
        printf(" %08x", (unsigned)words[k]);
    putchar('\n');
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = trap, .sa_flags = SA_SIGINFO};
    sigaction(SIGFPE, &action, 0);
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        for (int bit = 0; bit < 6; bit++)
            run(i, 0x1f80 & ~(0x80u << bit));
        run(i, 0);
        run(i, 0x1f80);
        run(i, 0x5f80);
        run(i, 0x9fc0);
    }
    return 0;
}
