/* SHA-256 (FIPS 180-4) of so many megabytes: in C, or (INSTRUCTIONS) with the SHA extensions. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef INSTRUCTIONS
#include <immintrin.h>
#endif

/* The round constants are the fractional parts of cube roots of primes, the initial state those of square roots; found here with integers only. */
static uint32_t K[64], state[8];

static uint32_t root_fraction(uint32_t prime, int degree)
{
    unsigned __int128 target = (unsigned __int128)prime << (degree == 2 ? 64 : 96);
    uint64_t root = 0;
    for (int bit = 35; bit >= 0; bit--) {
        uint64_t next = root | 1ull << bit;
        unsigned __int128 power = (unsigned __int128)next * next;
        if (degree == 3)
            power *= next;
        if (power <= target)
            root = next;
    }
    return (uint32_t)root;
}

static void make_constants(void)
{
    int found = 0;
    for (uint32_t n = 2; found < 64; n++) {
        int prime = 1;
        for (uint32_t d = 2; d * d <= n; d++)
            prime &= n % d != 0;
        if (!prime)
            continue;
        if (found < 8)
            state[found] = root_fraction(n, 2);
        K[found++] = root_fraction(n, 3);
    }
}

#ifdef INSTRUCTIONS
static __m128i abef, cdgh;

static void compress(const uint8_t *block)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i w[4], a = abef, c = cdgh;
    for (int i = 0; i < 4; i++)
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const void *)(block + 16 * i)), swap);
    for (int i = 0; i < 16; i++) {
        __m128i k = _mm_add_epi32(w[i & 3], _mm_loadu_si128((void *)(K + 4 * i)));
        c = _mm_sha256rnds2_epu32(c, a, k);
        a = _mm_sha256rnds2_epu32(a, c, _mm_shuffle_epi32(k, 0x0e));
        if (i < 12) {
            __m128i next = _mm_add_epi32(_mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]), _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
            w[i & 3] = _mm_sha256msg2_epu32(next, w[(i + 3) & 3]);
        }
    }
    abef = _mm_add_epi32(abef, a);
    cdgh = _mm_add_epi32(cdgh, c);
}
#else
static uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void compress(const uint8_t *block)
{
    uint32_t w[64], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 16; i++) {
        memcpy(w + i, block + 4 * i, 4);
        w[i] = __builtin_bswap32(w[i]);
    }
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3) + (rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (int i = 0; i < 64; i++) {
        uint32_t t1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i];
        uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}
#endif

int main(int argc, char **argv)
{
    uint64_t megabytes = argc > 1 ? (uint64_t)atol(argv[1]) : 1;
    uint8_t block[64];
    make_constants();
#ifdef INSTRUCTIONS
    abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
    cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
#endif
    memset(block, 'a', 64);
    for (uint64_t i = 0; i < megabytes << 14; i++)
        compress(block);
    memset(block, 0, 64);
    block[0] = 0x80;
    uint64_t bits = __builtin_bswap64(megabytes << 23);
    memcpy(block + 56, &bits, 8);
    compress(block);
#ifdef INSTRUCTIONS
    uint32_t low[4], high[4];
    _mm_storeu_si128((void *)low, abef);
    _mm_storeu_si128((void *)high, cdgh);
    uint32_t result[8] = {low[3], low[2], high[3], high[2], low[1], low[0], high[1], high[0]};
    memcpy(state, result, 32);
#endif
    for (int i = 0; i < 8; i++)
        printf("%08x", state[i]);
    putchar('\n');
}
