/* Loops for a compiler to vectorise: every element width, conversions between them, masks, gathers, shifts by variable
   counts, reductions, strings. Each prints a digest of what it made. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __AVX2__
#include <immintrin.h>
#endif

#define N 1027 /* not a multiple of any vector */

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t digest(const void *data, size_t size)
{
    const uint8_t *p = data;
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 0x100000001b3;
    return h;
}

#define SHOW(name, array) printf("%-20s %016llx\n", name, (unsigned long long)digest(array, sizeof array))

#define INTEGERS(T, U, S)                                                                                                      \
    static T a_##S[N], b_##S[N], c_##S[N], r_##S[N];                                                                           \
    static __attribute__((noinline)) void arithmetic_##S(void)                                                                \
    {                                                                                                                          \
        for (int i = 0; i < N; i++)                                                                                            \
            r_##S[i] = (T)(a_##S[i] + b_##S[i] * c_##S[i] - (a_##S[i] ^ b_##S[i]));                                            \
        SHOW("arithmetic " #S, r_##S);                                                                                         \
        for (int i = 0; i < N; i++)                                                                                            \
            r_##S[i] = a_##S[i] < b_##S[i] ? a_##S[i] : (T)(b_##S[i] & ~c_##S[i]);                                             \
        SHOW("select " #S, r_##S);                                                                                             \
        for (int i = 0; i < N; i++) {                                                                                          \
            T low = a_##S[i] < b_##S[i] ? a_##S[i] : b_##S[i], high = a_##S[i] > c_##S[i] ? a_##S[i] : c_##S[i];               \
            r_##S[i] = (T)(low ^ high);                                                                                        \
        }                                                                                                                      \
        SHOW("extremes " #S, r_##S);                                                                                           \
        for (int i = 0; i < N; i++)                                                                                            \
            r_##S[i] = (T)((U)a_##S[i] >> 3 | (U)b_##S[i] << 2) ^ (T)(c_##S[i] >> 5);                                          \
        SHOW("shifts " #S, r_##S);                                                                                             \
        for (int i = 0; i < N; i++)                                                                                            \
            r_##S[i] = (T)((U)a_##S[i] << (b_##S[i] & (8 * sizeof(T) - 1))) ^ (T)(c_##S[i] >> (b_##S[i] & (8 * sizeof(T) - 1))); \
        SHOW("variable shifts " #S, r_##S);                                                                                    \
        for (int i = 0; i < N; i++)                                                                                            \
            if (c_##S[i] & 1)                                                                                                  \
                r_##S[i] = (T)(r_##S[i] + a_##S[i]);                                                                           \
        SHOW("masked " #S, r_##S);                                                                                             \
        T sum = 0, least = a_##S[0], bits = 0;                                                                                 \
        for (int i = 0; i < N; i++) {                                                                                          \
            sum = (T)(sum + a_##S[i]);                                                                                         \
            least = a_##S[i] < least ? a_##S[i] : least;                                                                       \
            bits |= (T)(a_##S[i] & b_##S[i]);                                                                                  \
        }                                                                                                                      \
        T all[3] = {sum, least, bits};                                                                                         \
        SHOW("reductions " #S, all);                                                                                           \
        for (int i = 0; i < N; i++)                                                                                            \
            r_##S[i] = a_##S[N - 1 - i];                                                                                       \
        SHOW("reversed " #S, r_##S);                                                                                           \
        for (int i = 0; i + 1 < N; i += 2) {                                                                                   \
            r_##S[i] = (T)(a_##S[i] + b_##S[i + 1]);                                                                           \
            r_##S[i + 1] = (T)(a_##S[i + 1] - b_##S[i]);                                                                       \
        }                                                                                                                      \
        SHOW("interleaved " #S, r_##S);                                                                                        \
    }

INTEGERS(int8_t, uint8_t, s8)
INTEGERS(uint8_t, uint8_t, u8)
INTEGERS(int16_t, uint16_t, s16)
INTEGERS(uint16_t, uint16_t, u16)
INTEGERS(int32_t, uint32_t, s32)
INTEGERS(uint32_t, uint32_t, u32)
INTEGERS(int64_t, uint64_t, s64)
INTEGERS(uint64_t, uint64_t, u64)

static uint32_t indices[N];
static float f[N], g[N], h[N];
static double d[N], e[N], q[N];

static __attribute__((noinline)) void conversions(void)
{
    for (int i = 0; i < N; i++)
        r_s32[i] = a_s16[i] * b_s16[i];
    SHOW("s16 to s32", r_s32);
    for (int i = 0; i < N; i++)
        r_s64[i] = (int64_t)a_s32[i] * b_s32[i];
    SHOW("s32 to s64", r_s64);
    for (int i = 0; i < N; i++)
        r_u64[i] = (uint64_t)a_u32[i] * b_u32[i];
    SHOW("u32 to u64", r_u64);
    for (int i = 0; i < N; i++)
        r_u8[i] = (uint8_t)((a_u16[i] * 3 + b_u16[i]) >> 5);
    SHOW("u16 to u8", r_u8);
    for (int i = 0; i < N; i++) {
        int v = a_s16[i] + b_s16[i];
        r_s16[i] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
    }
    SHOW("saturated", r_s16);
    for (int i = 0; i < N; i++)
        r_u8[i] = (uint8_t)((a_u8[i] + b_u8[i] + 1) >> 1);
    SHOW("averages", r_u8);
    uint32_t apart = 0, dot = 0;
    for (int i = 0; i < N; i++) {
        int distance = a_u8[i] - b_u8[i];
        apart += (uint32_t)(distance < 0 ? -distance : distance);
        dot += (uint32_t)(a_s16[i] * b_s16[i]);
    }
    uint32_t sums[2] = {apart, dot};
    SHOW("sums", sums);
    for (int i = 0; i < N; i++)
        f[i] = (float)a_s32[i] * 0x1p-31f, d[i] = a_s32[i] * 0x1p-20 + b_s16[i];
    for (int i = 0; i < N; i++)
        r_s32[i] = (int32_t)(f[i] * 1000.5f) + (int32_t)d[i];
    SHOW("to and from floats", r_s32);
    for (int i = 0; i < N; i++)
        q[i] = f[i] + (float)d[i];
    SHOW("float and double", q);
}

static __attribute__((noinline)) void gathers(void)
{
    for (int i = 0; i < N; i++)
        r_s32[i] = a_s32[indices[i]];
    SHOW("gather s32", r_s32);
    for (int i = 0; i < N; i++)
        r_s64[i] = a_s64[indices[i]] + b_s64[i];
    SHOW("gather s64", r_s64);
    for (int i = 0; i < N; i++)
        g[i] = f[indices[i]] * 2;
    SHOW("gather float", g);
    for (int i = 0; i < N; i++)
        e[i] = d[indices[i]] - 1;
    SHOW("gather double", e);
    for (int i = 0; i < N; i++)
        if (c_s32[i] < 0)
            r_s32[i] = b_s32[indices[i]];
    SHOW("masked gather", r_s32);
    for (int i = 0; i + 3 < N; i += 4)
        r_u32[i / 4] = a_u8[i] * 2u + a_u8[i + 1] * 3u + a_u8[i + 2] * 5u + a_u8[i + 3] * 7u;
    SHOW("strided", r_u32);
}

#ifdef __AVX2__
/* Compilers rarely make gathers. */
static __attribute__((noinline)) void instructions(void)
{
    for (int i = 0; i + 8 <= N; i += 8) {
        __m256i at = _mm256_loadu_si256((void *)(indices + i)), mask = _mm256_loadu_si256((void *)(c_s32 + i));
        __m256i old = _mm256_loadu_si256((void *)(r_s32 + i));
        _mm256_storeu_si256((void *)(r_s32 + i), _mm256_mask_i32gather_epi32(old, a_s32, at, mask, 4));
        _mm256_storeu_ps(h + i, _mm256_i32gather_ps(f, at, 4));
    }
    SHOW("gathers of 32 bits", r_s32);
    SHOW("gathers of floats", h);
    for (int i = 0; i + 4 <= N; i += 4) {
        __m128i at = _mm_loadu_si128((void *)(indices + i));
        _mm256_storeu_si256((void *)(r_s64 + i), _mm256_i32gather_epi64((void *)a_s64, at, 8));
        _mm256_storeu_pd(q + i, _mm256_i64gather_pd(d, _mm256_cvtepi32_epi64(at), 8));
    }
    SHOW("gathers of 64 bits", r_s64);
    SHOW("gathers of doubles", q);
    for (int i = 0; i + 8 <= N; i += 8) {
        __m128i half = _mm256_cvtps_ph(_mm256_loadu_ps(f + i), _MM_FROUND_TO_NEAREST_INT);
        _mm256_storeu_ps(h + i, _mm256_cvtph_ps(half));
    }
    SHOW("half precision", h);
}
#endif

static __attribute__((noinline)) void floats(void)
{
    for (int i = 0; i < N; i++)
        h[i] = f[i] * g[i] + f[N - 1 - i];
    SHOW("float products", h);
    for (int i = 0; i < N; i++)
        q[i] = d[i] * e[i] - d[N - 1 - i] / (e[i] * e[i] + 1);
    SHOW("double products", q);
    for (int i = 0; i < N; i++)
        h[i] = sqrtf(fabsf(f[i])) < g[i] ? f[i] : -g[i];
    SHOW("float selection", h);
    for (int i = 0; i < N; i++)
        q[i] = sqrt(fabs(d[i])) + (d[i] > e[i] ? d[i] : e[i]);
    SHOW("double selection", q);
    for (int i = 0; i < N; i++)
        q[i] = floor(d[i]) + ceil(e[i]) + trunc(d[i] * 3);
    SHOW("rounding", q);
    double m[16], n[16], p[16];
    for (int i = 0; i < 16; i++)
        m[i] = d[i], n[i] = e[i + 16];
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++) {
            double sum = 0;
            for (int j = 0; j < 4; j++)
                sum += m[4 * i + j] * n[4 * j + k];
            p[4 * i + k] = sum;
        }
    SHOW("matrix", p);
}

static __attribute__((noinline)) void strings(void)
{
    static char text[4096], copy[4096];
    uint64_t found[8] = {0};
    for (int i = 0; i < 4095; i++)
        text[i] = (char)('a' + next() % 23);
    for (int at = 0; at < 200; at++) {
        size_t length = next() % 1500;
        char kept = text[at + length];
        text[at + length] = 0;
        found[0] += strlen(text + at) * (uint64_t)(at + 1);
        memcpy(copy + at % 37, text + at, length + 1);
        found[1] += strcmp(copy + at % 37, text + at) == 0;
        found[2] += (uint64_t)(strchr(text + at, 'q') ? strchr(text + at, 'q') - text : -1);
        found[3] += (uint64_t)(strrchr(text + at, 'c') ? strrchr(text + at, 'c') - text : -1);
        text[at + length] = kept;
        found[4] += memchr(text, 'w', length) != 0;
        found[5] += (uint64_t)(memcmp(text + at, copy, length + 1) < 0);
        memmove(copy + 11, copy, length);
        memset(copy + length, at, 300);
        found[6] += strspn(text + at, "abcdefghij") + strcspn(text + at, "xyz");
        found[7] += strstr(text + at, "abc") ? (uint64_t)(strstr(text + at, "abc") - text) : 0;
    }
    SHOW("strings", found);
    SHOW("copies", copy);
}

int main(void)
{
    uint8_t *const all[] = {(uint8_t *)a_s8, (uint8_t *)a_u8, (uint8_t *)a_s16, (uint8_t *)a_u16, (uint8_t *)a_s32, (uint8_t *)a_u32, (uint8_t *)a_s64, (uint8_t *)a_u64,
                            (uint8_t *)b_s8, (uint8_t *)b_u8, (uint8_t *)b_s16, (uint8_t *)b_u16, (uint8_t *)b_s32, (uint8_t *)b_u32, (uint8_t *)b_s64, (uint8_t *)b_u64,
                            (uint8_t *)c_s8, (uint8_t *)c_u8, (uint8_t *)c_s16, (uint8_t *)c_u16, (uint8_t *)c_s32, (uint8_t *)c_u32, (uint8_t *)c_s64, (uint8_t *)c_u64};
    for (int k = 0; k < 24; k++)
        for (int i = 0; i < N << (k % 8 / 2); i++)
            all[k][i] = (uint8_t)(next() >> 24);
    for (int i = 0; i < N; i++)
        indices[i] = (uint32_t)(next() % N);
    arithmetic_s8(), arithmetic_u8(), arithmetic_s16(), arithmetic_u16();
    arithmetic_s32(), arithmetic_u32(), arithmetic_s64(), arithmetic_u64();
    conversions();
    gathers();
#ifdef __AVX2__
    instructions();
#endif
    floats();
    strings();
}
