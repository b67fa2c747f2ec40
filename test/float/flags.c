/*
 * SSE arithmetic of numbers with few significant bits, whose results are often exact: `flags COUNT` prints for each instruction a hash of COUNT
 * results and of the MXCSR behind each, which starts without flags, and how often each flag was raised.
 */
#include <emmintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1d;
}

/* A pattern with `width` fraction bits, of which the first few are random, and an exponent near to the bias or anywhere. */
static uint64_t pattern(int width, int exponents)
{
    uint64_t bits = next();
    int kept = bits % 100 < 50 ? (int)(bits % 13) : bits % 100 < 80 ? (int)(bits % (width / 2 + 3)) : width;
    uint64_t fraction = kept == 0 ? 0 : (next() & ((1ull << kept) - 1)) << (width - kept);
    uint64_t bias = ((uint64_t)1 << (exponents - 1)) - 1, most = 2 * bias + 1;
    uint64_t exponent = bits >> 32 & 7 ? bias - 8 + (bits >> 40) % 16 : (bits >> 40) & most;
    if ((bits >> 36 & 15) == 0)
        exponent = 0;
    return (bits >> 63) << (width + exponents) | exponent << width | fraction;
}

static __m128i operand(int bits, int scalar)
{
    uint64_t low = 0, high = 0;
    if (bits == 64) {
        low = pattern(52, 11);
        high = pattern(52, 11);
    } else {
        low = pattern(23, 8) | pattern(23, 8) << 32;
        high = pattern(23, 8) | pattern(23, 8) << 32;
    }
    return _mm_set_epi64x(scalar ? (long long)next() : (long long)high, low);
}

static const char *const names[] = {"addss", "addsd", "addps", "addpd", "subss", "subsd", "subps", "subpd", "mulss", "mulsd",
                                    "mulps", "mulpd", "divss", "divsd", "divps", "divpd", "sqrtss", "sqrtsd", "sqrtps", "sqrtpd"};

static __m128i run(int which, __m128i a, __m128i b)
{
    switch (which) {
#define CASE(number, name) case number: __asm__ volatile(name " %1, %0" : "+x"(a) : "x"(b)); return a;
        CASE(0, "addss") CASE(1, "addsd") CASE(2, "addps") CASE(3, "addpd") CASE(4, "subss") CASE(5, "subsd") CASE(6, "subps")
        CASE(7, "subpd") CASE(8, "mulss") CASE(9, "mulsd") CASE(10, "mulps") CASE(11, "mulpd") CASE(12, "divss") CASE(13, "divsd")
        CASE(14, "divps") CASE(15, "divpd") CASE(16, "sqrtss") CASE(17, "sqrtsd") CASE(18, "sqrtps") CASE(19, "sqrtpd")
    }
    abort();
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 100;
    static const unsigned modes[] = {0x1f80, 0x1f80, 0x1f80, 0x3f80, 0x5f80, 0x7f80, 0x9f80, 0x1fc0};
    for (int which = 0; which < 20; which++) {
        uint64_t hash = 0xcbf29ce484222325;
        long raised[6] = {0};
        for (long i = 0; i < count; i++) {
            __m128i a = operand(which & 1 ? 64 : 32, !(which & 2)), b = operand(which & 1 ? 64 : 32, !(which & 2));
            _mm_setcsr(modes[next() >> 61]);
            uint64_t result[2];
            _mm_storeu_si128((__m128i *)result, run(which, a, b));
            unsigned flags = _mm_getcsr();
            _mm_setcsr(0x1f80);
            hash = (hash ^ result[0]) * 0x9e3779b97f4a7c15;
            hash = (hash ^ result[1] ^ flags) * 0x9e3779b97f4a7c15;
            hash ^= hash >> 29;
            for (int k = 0; k < 6; k++)
                raised[k] += flags >> k & 1;
        }
        printf("%-6s %016lx", names[which], hash);
        for (int k = 0; k < 6; k++)
            printf(" %ld", raised[k]);
        printf("\n");
    }
    return 0;
}
