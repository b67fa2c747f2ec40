/* Gathers and masked moves over pages that are not there: each fault is repaired by the handler, and the instruction goes on
   with the elements that it has not loaded yet. */
#include <immintrin.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

enum { PAGE = 4096, PAGES = 16 };

static char *base;
static int faults;

static void repair(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    long at = (char *)info->si_addr - base;
    int32_t *page = (int32_t *)(base + (at & -PAGE));
    printf("fault at page %ld, offset %ld\n", at / PAGE, at % PAGE);
    faults++;
    mprotect(page, PAGE, PROT_READ | PROT_WRITE);
    for (int i = 0; i < PAGE / 4; i++)
        page[i] = (int32_t)((char *)(page + i) - base);
}

static void show(const char *name, const int32_t *values, int count)
{
    printf("%s:", name);
    for (int i = 0; i < count; i++)
        printf(" %d", values[i]);
    putchar('\n');
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = repair, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    base = mmap(0, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int32_t out[8];

    __m256i indices = _mm256_setr_epi32(5, 1024 + 7, 2 * 1024, 3 * 1024 + 1, 4 * 1024 + 1023, 5 * 1024, 1024, 7 * 1024 + 9);
    __m256i mask = _mm256_setr_epi32(-1, -1, 0, -1, -1, -1, -1, 0);
    _mm256_storeu_si256((void *)out, _mm256_mask_i32gather_epi32(_mm256_set1_epi32(77), (int *)base, indices, mask, 4));
    show("gather", out, 8);

    _mm256_maskstore_epi32((int *)(base + 8 * PAGE - 16), _mm256_setr_epi32(-1, 0, 0, -1, -1, 0, -1, 0), indices);
    show("store", (int32_t *)(base + 8 * PAGE - 16), 8);

    __m256d pair = _mm256_maskload_pd((double *)(base + 10 * PAGE - 16), _mm256_setr_epi64x(0, -1, -1, 0));
    _mm256_storeu_pd((void *)out, pair);
    show("load", out, 8);

    _mm_storeu_ps((void *)out, _mm_maskload_ps((float *)(base + 14 * PAGE - 8), _mm_setzero_si128()));
    show("nothing", out, 4);
    printf("%d faults\n", faults);
}
