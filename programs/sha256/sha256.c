/* SHA-256 (FIPS 180-4) of three messages of the standard and of a million letters a. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The round constants are the fractional parts of cube roots of primes; found here with integers only. */
static uint32_t K[64], initial[8];

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
            initial[found] = root_fraction(n, 2);
        K[found++] = root_fraction(n, 3);
    }
}

struct sha256 {
    uint32_t h[8];
    uint8_t block[64];
    uint64_t length;
};

static uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void compress(struct sha256 *s)
{
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)s->block[4 * i] << 24 | s->block[4 * i + 1] << 16 | s->block[4 * i + 2] << 8 | s->block[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(v, s->h, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t t1 = v[7] + (rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[i] + w[i];
        uint32_t t2 = (rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        s->h[i] += v[i];
}

static void update(struct sha256 *s, const void *data, size_t size)
{
    for (const uint8_t *p = data; size--; p++) {
        s->block[s->length++ % 64] = *p;
        if (s->length % 64 == 0)
            compress(s);
    }
}

static void finish(struct sha256 *s)
{
    uint64_t bits = s->length * 8;
    update(s, "\x80", 1);
    while (s->length % 64 != 56)
        update(s, "", 1);
    for (int i = 7; i >= 0; i--)
        update(s, &(uint8_t){(uint8_t)(bits >> (8 * i))}, 1);
}

static void show(const char *name, const char *message, int times)
{
    struct sha256 s = {.length = 0};
    memcpy(s.h, initial, sizeof s.h);
    for (int i = 0; i < times; i++)
        update(&s, message, strlen(message));
    finish(&s);
    for (int i = 0; i < 8; i++)
        printf("%08x", s.h[i]);
    printf("  %s\n", name);
}

int main(void)
{
    make_constants();
    show("(empty)", "", 1);
    show("abc", "abc", 1);
    show("448 bits", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1);
    show("a x 1000000", "aaaaaaaaaa", 100000);
    return 0;
}
