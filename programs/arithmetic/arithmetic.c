/* Integer operations of every width over values near the edges; prints one checksum for each operation and width. */
#include <stdint.h>
#include <stdio.h>

typedef unsigned __int128 u128;
typedef __int128 s128;

static const uint64_t samples[] = {
    0, 1, 2, 3, 5, 7, 10, 31, 32, 63, 64, 100, 127, 128, 129, 255, 256, 1000, 32767, 32768, 65535, 65536,
    0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0x100000000, 0x123456789abcdef, 0x5555555555555555,
    0xaaaaaaaaaaaaaaaa, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0xfedcba9876543210,
    0xfffffffffffffffe, 0xffffffffffffffff,
};
enum { COUNT = sizeof samples / sizeof samples[0] };

/* FNV-1a over the eight bytes of a value. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        hash ^= value >> (8 * i) & 0xff;
        hash *= 0x100000001b3;
    }
    return hash;
}
static const uint64_t SEED = 0xcbf29ce484222325;

#define PAIRS(TYPE, EXPR) ({                                           \
    uint64_t hash = SEED;                                              \
    for (int i = 0; i < COUNT; i++)                                    \
        for (int j = 0; j < COUNT; j++) {                              \
            volatile TYPE va = (TYPE)samples[i], vb = (TYPE)samples[j];\
            TYPE a = va, b = vb;                                       \
            (void)a, (void)b;                                          \
            hash = mix(hash, (uint64_t)(EXPR));                        \
        }                                                              \
    hash;                                                              \
})

#define WIDTH(BITS) do {                                                                                        \
    enum { B = BITS, M = BITS - 1 };                                                                            \
    typedef uint##BITS##_t u;                                                                                   \
    typedef int##BITS##_t s;                                                                                    \
    printf("u%-2d add %016lx sub %016lx mul %016lx\n", B, PAIRS(u, (u)(a + b)), PAIRS(u, (u)(a - b)), PAIRS(u, (u)((uint64_t)a * b))); \
    printf("u%-2d and %016lx or  %016lx xor %016lx\n", B, PAIRS(u, (u)(a & b)), PAIRS(u, (u)(a | b)), PAIRS(u, (u)(a ^ b))); \
    printf("u%-2d div %016lx mod %016lx lt  %016lx\n", B, PAIRS(u, b ? a / b : 1), PAIRS(u, b ? a % b : 2), PAIRS(u, a < b)); \
    printf("u%-2d shl %016lx shr %016lx rot %016lx\n", B, PAIRS(u, (u)(a << (b & M))), PAIRS(u, (u)(a >> (b & M))), \
           PAIRS(u, (u)((a << (b & M)) | (a >> ((B - (b & M)) & M)))));                                         \
    printf("s%-2d sar %016lx lt  %016lx ext %016lx\n", B, PAIRS(s, (s)(a >> (b & M))), PAIRS(s, a <= b), PAIRS(s, (int64_t)a)); \
    printf("s%-2d div %016lx mod %016lx\n", B, PAIRS(s, b && !(b == -1) ? a / b : 3), PAIRS(s, b && !(b == -1) ? a % b : 4)); \
    printf("s%-2d add overflows %016lx sub %016lx mul %016lx\n", B, PAIRS(s, ({ s r; __builtin_add_overflow(a, b, &r); })), \
           PAIRS(s, ({ s r; __builtin_sub_overflow(a, b, &r); })), PAIRS(s, ({ s r; __builtin_mul_overflow(a, b, &r); })));  \
} while (0)

int main(void)
{
    WIDTH(8);
    WIDTH(16);
    WIDTH(32);
    WIDTH(64);

    uint64_t sum = SEED, product = SEED, quotient = SEED, shift = SEED, high = SEED, compare = SEED;
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            u128 a = (u128)samples[i] << 64 | samples[j], b = (u128)samples[j] << 3 | samples[(i + j) % COUNT];
            s128 c = (s128)a, d = (s128)b;
            u128 r = a + b;
            sum = mix(mix(sum, (uint64_t)r), (uint64_t)(r >> 64));
            r = a - b;
            sum = mix(mix(sum, (uint64_t)r), (uint64_t)(r >> 64));
            r = a * b;
            product = mix(mix(product, (uint64_t)r), (uint64_t)(r >> 64));
            if (b) {
                r = a / b;
                quotient = mix(mix(quotient, (uint64_t)r), (uint64_t)(r >> 64));
                r = a % b;
                quotient = mix(mix(quotient, (uint64_t)r), (uint64_t)(r >> 64));
            }
            if (d > 0) {
                r = (u128)(c / d);
                quotient = mix(mix(quotient, (uint64_t)r), (uint64_t)(r >> 64));
            }
            for (int n = 0; n < 128; n += 13) {
                r = (a << n) ^ (a >> n) ^ (u128)(c >> n);
                shift = mix(mix(shift, (uint64_t)r), (uint64_t)(r >> 64));
            }
            high = mix(high, (uint64_t)((u128)samples[i] * samples[j] >> 64));
            high = mix(high, (uint64_t)((s128)(int64_t)samples[i] * (int64_t)samples[j] >> 64));
            compare = mix(compare, (a < b) | (c < d) << 1 | (a == b) << 2);
        }
    printf("128 add sub %016lx mul %016lx div mod %016lx\n", sum, product, quotient);
    printf("128 shift %016lx high %016lx compare %016lx\n", shift, high, compare);

    uint64_t bits = SEED;
    for (int i = 0; i < COUNT; i++) {
        volatile uint64_t v = samples[i];
        uint64_t x = v;
        bits = mix(bits, x ? (uint64_t)__builtin_clzl(x) : 64);
        bits = mix(bits, x ? (uint64_t)__builtin_ctzl(x) : 64);
        bits = mix(bits, (uint64_t)__builtin_popcountl(x));
        bits = mix(bits, (uint64_t)__builtin_parityl(x));
        bits = mix(bits, __builtin_bswap64(x));
        bits = mix(bits, __builtin_bswap32((uint32_t)x));
        bits = mix(bits, __builtin_bswap16((uint16_t)x));
    }
    printf("bits %016lx\n", bits);
    return 0;
}
