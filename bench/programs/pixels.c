/* A 3x3 blur of bytes, sums of absolute differences, and a linear congruential generator in every lane: loops that a compiler vectorises. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define WIDTH 512
#define HEIGHT 128

static uint8_t picture[HEIGHT][WIDTH], blurred[HEIGHT][WIDTH];
static uint32_t lanes[WIDTH];

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? atol(argv[1]) : 10;
    uint64_t apart = 0;
    for (int i = 0; i < WIDTH; i++)
        lanes[i] = (uint32_t)i * 0x9e3779b9;
    for (long r = 0; r < rounds; r++) {
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                lanes[x] = lanes[x] * 1664525 + 1013904223;
                picture[y][x] = (uint8_t)(lanes[x] >> 24);
            }
        }
        for (int y = 1; y < HEIGHT - 1; y++) {
            for (int x = 1; x < WIDTH - 1; x++) {
                const uint8_t *above = picture[y - 1] + x, *here = picture[y] + x, *below = picture[y + 1] + x;
                int sum = above[-1] + 2 * above[0] + above[1] + 2 * here[-1] + 4 * here[0] + 2 * here[1] + below[-1] + 2 * below[0] + below[1];
                blurred[y][x] = (uint8_t)((sum + 8) >> 4);
            }
        }
        uint32_t difference = 0;
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                difference += (uint32_t)abs(picture[y][x] - blurred[y][x]);
        apart = apart * 31 + difference;
    }
    printf("%llu\n", (unsigned long long)apart);
}
