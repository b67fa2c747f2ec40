/* memcpy, strlen, memchr, strcmp and their like of the C library, over many sizes and alignments. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char a[70000], b[70000];

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? atol(argv[1]) : 1000;
    uint64_t sum = 0;
    memset(a, 'a', sizeof a - 1);
    a[40000] = 'q';
    for (long r = 0; r < rounds; r++) {
        size_t n = (size_t)(r * 37 % 3000);
        char *from = a + r % 77;
        sum += strlen(from + 60000 + n);
        memcpy(b + r % 64, from, n);
        b[r % 64 + n] = 0;
        sum += (size_t)((char *)memchr(a + 38000, 'q', 5000) - a) + (size_t)(strchr(a + 39000 + r % 900, 'q') - a);
        sum += memcmp(from, b + r % 64, n) == 0;
        sum += (uint64_t)(strcmp(b + r % 64, from) < 0);
        memmove(b + 5, b + r % 3, n);
        memset(b + n, (int)r, 100 + n / 4);
        sum += (unsigned char)b[r % 70];
    }
    printf("%llu\n", (unsigned long long)sum);
}
