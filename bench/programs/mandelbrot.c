/* Iterations before escape over a square of the Mandelbrot set: double precision, scalar or (PACKED) two points at a time. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef PACKED
#include <emmintrin.h>
#endif

#define LIMIT 200

static uint64_t hash;

static void note(int count)
{
    hash = (hash ^ (uint64_t)count) * 0x9e3779b97f4a7c15;
}

static void points(double x, double step, double ci)
{
#ifdef PACKED
    __m128d cr = _mm_set_pd(x + step, x), c = _mm_set1_pd(ci), zr = _mm_setzero_pd(), zi = zr, four = _mm_set1_pd(4), count = zr;
    const __m128d one = _mm_set1_pd(1);
    for (int i = 0; i < LIMIT; i++) {
        __m128d rr = _mm_mul_pd(zr, zr), ii = _mm_mul_pd(zi, zi), ri = _mm_mul_pd(zr, zi);
        __m128d inside = _mm_cmple_pd(_mm_add_pd(rr, ii), four);
        if (!_mm_movemask_pd(inside))
            break;
        count = _mm_add_pd(count, _mm_and_pd(inside, one));
        /* What has escaped stays where it is, so that it never overflows. */
        zr = _mm_or_pd(_mm_and_pd(inside, _mm_add_pd(_mm_sub_pd(rr, ii), cr)), _mm_andnot_pd(inside, zr));
        zi = _mm_or_pd(_mm_and_pd(inside, _mm_add_pd(_mm_add_pd(ri, ri), c)), _mm_andnot_pd(inside, zi));
    }
    double counts[2];
    _mm_storeu_pd(counts, count);
    note((int)counts[0]);
    note((int)counts[1]);
#else
    for (int k = 0; k < 2; k++) {
        double cr = x + k * step, zr = 0, zi = 0;
        int count = 0;
        while (count < LIMIT && zr * zr + zi * zi <= 4) {
            double next = zr * zr - zi * zi + cr;
            zi = 2 * zr * zi + ci;
            zr = next;
            count++;
        }
        note(count);
    }
#endif
}

int main(int argc, char **argv)
{
    int size = argc > 1 ? atoi(argv[1]) : 64;
    double step = 3.0 / size;
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x += 2)
            points(-2.25 + x * step, step, -1.5 + y * step);
    printf("%016lx\n", hash);
    return 0;
}
