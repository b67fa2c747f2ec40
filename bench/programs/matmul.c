/* A matrix product of REAL (float or double), BYTES of a row at a time. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef REAL vector __attribute__((vector_size(BYTES)));
#define LANES (BYTES / (int)sizeof(REAL))
#define N 128

static REAL a[N][N] __attribute__((aligned(32))), b[N][N] __attribute__((aligned(32))), c[N][N] __attribute__((aligned(32)));

/* Four vectors of a row of the product stay in registers. */
static void multiply(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j += 4 * LANES) {
            vector s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
            for (int k = 0; k < N; k++) {
                const vector *row = (const vector *)&b[k][j];
                vector x = a[i][k] - (vector){0};
                s0 += x * row[0];
                s1 += x * row[1];
                s2 += x * row[2];
                s3 += x * row[3];
            }
            vector *to = (vector *)&c[i][j];
            to[0] = s0;
            to[1] = s1;
            to[2] = s2;
            to[3] = s3;
        }
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    uint32_t random = 1;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            random = random * 1664525 + 1013904223;
            a[i][j] = (REAL)((int32_t)random >> 8) / 50000;
            random = random * 1664525 + 1013904223;
            b[i][j] = (REAL)((int32_t)random >> 8) / 50000000;
        }
    uint64_t hash = 0;
    for (int round = 0; round < rounds; round++) {
        multiply();
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                uint64_t bits = 0;
                memcpy(&bits, &c[i][j], sizeof(REAL));
                hash = (hash ^ bits) * 0x9e3779b97f4a7c15;
            }
        a[round % N][(7 * round) % N] += 1;
    }
    printf("%016lx\n", hash);
    return 0;
}
