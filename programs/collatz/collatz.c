/* The longest Collatz sequences below a million, with a table of known lengths. */
#include <stdint.h>
#include <stdio.h>

enum { LIMIT = 1000000 };
static uint16_t length[LIMIT];

int main(void)
{
    int best = 0;
    uint64_t highest = 0;
    length[1] = 1;
    for (int start = 2; start < LIMIT; start++) {
        uint64_t n = (uint64_t)start;
        int steps = 0;
        while (n >= (uint64_t)start) {
            n = n & 1 ? 3 * n + 1 : n / 2;
            if (n > highest)
                highest = n;
            steps++;
        }
        length[start] = (uint16_t)(steps + length[n]);
        if (length[start] > best) {
            best = length[start];
            printf("%7d %3d\n", start, best);
        }
    }
    printf("highest value %lu\n", highest);
    return 0;
}
