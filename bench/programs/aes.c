/* AES-128 in counter mode (FIPS 197, SP 800-38A) over so many blocks, and a digest of the key stream: with tables, or (INSTRUCTIONS) AES-NI. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef INSTRUCTIONS
#include <immintrin.h>
#endif

static uint8_t sbox[256];
static uint32_t table[4][256];
static uint8_t keys[176];

static uint8_t twice(uint8_t x) { return (uint8_t)(x << 1 ^ (x >> 7) * 0x1b); }

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void make_tables(void)
{
    uint8_t power = 1, inverse = 1;
    do {
        power = (uint8_t)(power ^ twice(power)); /* times 3 */
        for (int i = 1; i <= 4; i *= 2)
            inverse = (uint8_t)(inverse ^ inverse << i); /* divided by 3 */
        inverse = (uint8_t)(inverse ^ (inverse >> 7) * 0x09);
        uint8_t x = inverse;
        sbox[power] = (uint8_t)(x ^ (x << 1 | x >> 7) ^ (x << 2 | x >> 6) ^ (x << 3 | x >> 5) ^ (x << 4 | x >> 4) ^ 0x63);
    } while (power != 1);
    sbox[0] = 0x63;
    for (int i = 0; i < 256; i++) {
        uint32_t s = sbox[i], d = twice(sbox[i]);
        table[0][i] = d | s << 8 | s << 16 | (d ^ s) << 24;
        for (int k = 1; k < 4; k++)
            table[k][i] = rotate(table[0][i], 8 * k);
    }
}

static void expand(const uint8_t *key)
{
    memcpy(keys, key, 16);
    uint8_t constant = 1;
    for (int i = 16; i < 176; i += 4) {
        uint8_t word[4];
        memcpy(word, keys + i - 4, 4);
        if (i % 16 == 0) {
            uint8_t first = word[0];
            word[0] = sbox[word[1]] ^ constant, word[1] = sbox[word[2]], word[2] = sbox[word[3]], word[3] = sbox[first];
            constant = twice(constant);
        }
        for (int k = 0; k < 4; k++)
            keys[i + k] = keys[i - 16 + k] ^ word[k];
    }
}

static void encrypt(const uint8_t *in, uint8_t *out)
{
#ifdef INSTRUCTIONS
    __m128i s = _mm_xor_si128(_mm_loadu_si128((const void *)in), _mm_loadu_si128((void *)keys));
    for (int round = 1; round < 10; round++)
        s = _mm_aesenc_si128(s, _mm_loadu_si128((void *)(keys + 16 * round)));
    _mm_storeu_si128((void *)out, _mm_aesenclast_si128(s, _mm_loadu_si128((void *)(keys + 160))));
#else
    uint32_t s[4], t[4], k[44];
    memcpy(s, in, 16);
    memcpy(k, keys, 176);
    for (int i = 0; i < 4; i++)
        s[i] ^= k[i];
    for (int round = 1; round < 10; round++) {
        for (int i = 0; i < 4; i++)
            t[i] = table[0][s[i] & 255] ^ table[1][s[(i + 1) & 3] >> 8 & 255] ^ table[2][s[(i + 2) & 3] >> 16 & 255] ^ table[3][s[(i + 3) & 3] >> 24] ^ k[4 * round + i];
        memcpy(s, t, 16);
    }
    for (int i = 0; i < 4; i++)
        t[i] = (sbox[s[i] & 255] | (uint32_t)sbox[s[(i + 1) & 3] >> 8 & 255] << 8 | (uint32_t)sbox[s[(i + 2) & 3] >> 16 & 255] << 16 |
                (uint32_t)sbox[s[(i + 3) & 3] >> 24] << 24) ^ k[40 + i];
    memcpy(out, t, 16);
#endif
}

int main(int argc, char **argv)
{
    long blocks = argc > 1 ? atol(argv[1]) : 1000;
    static const uint8_t key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
    static const uint8_t text[16] = {0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34};
    uint8_t out[16];
    make_tables();
    expand(key);
    encrypt(text, out);
    for (int i = 0; i < 16; i++)
        printf("%02x", out[i]);
    uint64_t counter[2] = {0, 0}, sum[2] = {0, 0}, stream[2];
    for (long i = 0; i < blocks; i++) {
        counter[0] = (uint64_t)i;
        encrypt((const uint8_t *)counter, (uint8_t *)stream);
        sum[0] = sum[0] * 31 + stream[0];
        sum[1] = sum[1] * 31 + stream[1];
    }
    printf(" %016llx%016llx\n", (unsigned long long)sum[0], (unsigned long long)sum[1]);
}
