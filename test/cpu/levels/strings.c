/* The C library's string functions, at every alignment and up to page edges, against plain loops. Prints one line for each function; with the argument
   `pick`, whether the code that the library picked for this processor has VEX instructions. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <wchar.h>

enum { PAGE = 4096, PAGES = 4, ROOM = 2 * PAGE };

/* Pages that nothing accessible borders on. */
static unsigned char *make_room(void)
{
    unsigned char *whole = mmap(0, (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(whole + PAGE, PAGES * PAGE, PROT_READ | PROT_WRITE);
    return whole + PAGE;
}

static unsigned char *a, *b, *a_end, *b_end;
static uint32_t seed = 1;
static unsigned tests, failures;

static uint32_t next(void) { return seed = seed * 1664525 + 1013904223; }
static void check(int right) { tests++; failures += !right; }
static int sign(int x) { return (x > 0) - (x < 0); }

/* Lengths around vector sizes and the limits between the library's methods. */
static const int lengths[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 23, 31, 32, 33, 40, 47, 63, 64, 65, 80, 95, 96, 127, 128, 129, 160, 191, 255, 256, 257, 300, 511, 512, 600, 1023, 1024, 1500, 2048, 3000};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* Calls `test` with a place for `length` bytes at every alignment, and one that ends where memory does. */
static void everywhere(unsigned char *start, unsigned char *end, int length, int step, void (*test)(unsigned char *at, int length))
{
    for (int i = 0; i < 64; i += step) test(start + i, length);
    test(end - length, length);
}

static void fill(unsigned char *at, int length)
{
    for (int i = 0; i < length; i++) {
        uint32_t r = next() >> 16;
        at[i] = (unsigned char)(1 + r % 255);
    }
}

static size_t (*volatile f_strlen)(const char *) = strlen;
static size_t (*volatile f_strnlen)(const char *, size_t) = strnlen;
static void *(*volatile f_memchr)(const void *, int, size_t) = (void *(*)(const void *, int, size_t))memchr;
static void *(*volatile f_memrchr)(const void *, int, size_t) = (void *(*)(const void *, int, size_t))memrchr;
static void *(*volatile f_rawmemchr)(const void *, int) = (void *(*)(const void *, int))rawmemchr;
static char *(*volatile f_strchr)(const char *, int) = (char *(*)(const char *, int))strchr;
static char *(*volatile f_strchrnul)(const char *, int) = (char *(*)(const char *, int))strchrnul;
static char *(*volatile f_strrchr)(const char *, int) = (char *(*)(const char *, int))strrchr;
static int (*volatile f_memcmp)(const void *, const void *, size_t) = memcmp;
static int (*volatile f_strcmp)(const char *, const char *) = strcmp;
static int (*volatile f_strncmp)(const char *, const char *, size_t) = strncmp;
static int (*volatile f_strcasecmp)(const char *, const char *) = strcasecmp;
static void *(*volatile f_memcpy)(void *, const void *, size_t) = memcpy;
static void *(*volatile f_memmove)(void *, const void *, size_t) = memmove;
static void *(*volatile f_memset)(void *, int, size_t) = memset;
static char *(*volatile f_strcpy)(char *, const char *) = strcpy;
static char *(*volatile f_stpcpy)(char *, const char *) = stpcpy;
static char *(*volatile f_strncpy)(char *, const char *, size_t) = strncpy;
static char *(*volatile f_strcat)(char *, const char *) = strcat;
static size_t (*volatile f_strspn)(const char *, const char *) = strspn;
static size_t (*volatile f_strcspn)(const char *, const char *) = strcspn;
static char *(*volatile f_strstr)(const char *, const char *) = (char *(*)(const char *, const char *))strstr;
static size_t (*volatile f_wcslen)(const wchar_t *) = wcslen;
static wchar_t *(*volatile f_wmemset)(wchar_t *, wchar_t, size_t) = wmemset;

static void lengths_of(unsigned char *at, int length)
{
    if (length == 0) return;
    fill(at, length - 1);
    at[length - 1] = 0;
    int n = length - 1;
    check(f_strlen((char *)at) == (size_t)n);
    for (int limit = 0; limit <= length; limit += 1 + length / 3) check(f_strnlen((char *)at, limit) == (size_t)(limit < n ? limit : n));
    check(f_rawmemchr(at, 0) == at + n);
}

static void finds(unsigned char *at, int length)
{
    if (length == 0) return;
    fill(at, length);
    for (int i = 0; i < length; i++) if (at[i] == 'x') at[i] = 'y';
    check(f_memchr(at, 'x', length) == 0);
    check(f_memrchr(at, 'x', length) == 0);
    int places[] = {0, length / 3, length - 2, length - 1};
    for (int i = 0; i < 4; i++) {
        int place = places[i];
        if (place < 0) continue;
        unsigned char old = at[place];
        at[place] = 'x';
        check(f_memchr(at, 'x', length) == at + place);
        check(f_memchr(at, 'x', place) == 0);
        check(f_memchr(at, 'x', ~(size_t)0) == at + place);
        check(f_memrchr(at, 'x', length) == at + place);
        check(f_rawmemchr(at, 'x') == at + place);
        at[place] = old;
    }
}

static void finds_in_string(unsigned char *at, int length)
{
    if (length == 0) return;
    fill(at, length);
    for (int i = 0; i < length; i++) if (at[i] == 'x') at[i] = 'y';
    at[length - 1] = 0;
    check(f_strchr((char *)at, 'x') == 0);
    check(f_strrchr((char *)at, 'x') == 0);
    check(f_strchr((char *)at, 0) == (char *)at + length - 1);
    check(f_strchrnul((char *)at, 'x') == (char *)at + length - 1);
    for (int i = 0; i < 3 && length > 2; i++) {
        int place = i == 0 ? 0 : i == 1 ? length / 2 : length - 2;
        at[place] = 'x';
        check(f_strrchr((char *)at, 'x') == (char *)at + place);
        check(f_strchr((char *)at, 'x') == (char *)at);
        check(f_strchrnul((char *)at, 'x') == (char *)at);
    }
}

static void compares(unsigned char *at, int length)
{
    fill(at, length);
    if (length > 0) at[length - 1] = 0;
    for (int i = 0; i < 3; i++) {
        unsigned char *other = i == 0 ? b_end - length : b + (i == 1 ? 0 : next() >> 26);
        for (int j = 0; j < length; j++) other[j] = at[j];
        check(f_memcmp(at, other, length) == 0);
        if (length == 0) continue;
        check(f_strcmp((char *)at, (char *)other) == 0);
        check(f_strncmp((char *)at, (char *)other, length + 5) == 0);
        int place = (int)(next() >> 8) % length;
        other[place] ^= 0x80;
        int expected = at[place] < other[place] ? -1 : 1;
        check(sign(f_memcmp(at, other, length)) == expected);
        check(f_memcmp(at, other, place) == 0);
        if (place < length - 1) check(sign(f_strcmp((char *)at, (char *)other)) == expected);
        check(sign(f_strncmp((char *)at, (char *)other, length)) == expected);
        check(f_strncmp((char *)at, (char *)other, place) == 0);
        other[place] ^= 0x80;
        for (int j = 0; j < length - 1; j++) if (other[j] >= 'a' && other[j] <= 'z') other[j] ^= 0x20;
        check(f_strcasecmp((char *)at, (char *)other) == 0);
    }
}

static void copies(unsigned char *at, int length)
{
    for (int i = 0; i < 3; i++) {
        unsigned char *to = i == 0 ? b_end - length : b + 64 + (next() >> 26);
        int after = i == 0 ? 0 : 32;
        fill(at, length);
        for (int j = -32; j < length + after; j++) to[j] = 0xee;
        void *result = i == 1 ? f_memmove(to, at, length) : f_memcpy(to, at, length);
        int right = result == to;
        for (int j = 0; j < length; j++) right &= to[j] == at[j];
        for (int j = -32; j < 0; j++) right &= to[j] == 0xee;
        for (int j = length; j < length + after; j++) right &= to[j] == 0xee;
        check(right);
    }
}

static unsigned char copy[ROOM];

static void moves(unsigned char *at, int length)
{
    static const int distances[] = {-129, -65, -64, -33, -17, -8, -1, 1, 7, 16, 31, 32, 63, 64, 100};
    for (int i = 0; i < 15; i++) {
        /* At the end of memory only downwards. */
        unsigned char *from = at + length == a_end ? at : at + 192, *to = from + distances[i];
        if (to + length > a_end) continue;
        fill(from, length);
        for (int j = 0; j < length; j++) copy[j] = from[j];
        int right = f_memmove(to, from, length) == to;
        for (int j = 0; j < length; j++) right &= to[j] == copy[j];
        check(right);
    }
}

static void sets(unsigned char *at, int length)
{
    int right = f_memset(at, 0x5a + length, length) == at;
    for (int i = 0; i < length; i++) right &= at[i] == (unsigned char)(0x5a + length);
    check(right);
    if (((uintptr_t)at & 3) == 0) {
        wchar_t *wide = (wchar_t *)at;
        right = f_wmemset(wide, 0x12345678, length / 4) == wide;
        for (int i = 0; i < length / 4; i++) right &= wide[i] == 0x12345678;
        check(right);
        if (length >= 4) {
            wide[length / 4 - 1] = 0;
            check(f_wcslen(wide) == (size_t)(length / 4 - 1));
        }
    }
}

static void string_copies(unsigned char *at, int length)
{
    if (length == 0) return;
    fill(at, length);
    at[length - 1] = 0;
    for (int i = 0; i < 2; i++) {
        unsigned char *to = i == 0 ? b_end - length : b + 64 + (next() >> 26);
        for (int j = 0; j < length; j++) to[j] = 0xee;
        int right = f_strcpy((char *)to, (char *)at) == (char *)to;
        for (int j = 0; j < length; j++) right &= to[j] == at[j];
        check(right);
        to[0] = 0;
        check(f_strcat((char *)to, (char *)at) == (char *)to && f_strcmp((char *)to, (char *)at) == 0);
        check(f_stpcpy((char *)to, (char *)at) == (char *)to + length - 1);
        for (int j = 0; j < length; j++) to[j] = 0xee;
        int n = length / 2;
        right = f_strncpy((char *)to, (char *)at, n) == (char *)to;
        for (int j = 0; j < length; j++) right &= to[j] == (j < n ? at[j] : 0xee);
        check(right);
    }
}

static void spans(unsigned char *at, int length)
{
    if (length < 8) return;
    for (int i = 0; i < length; i++) at[i] = (unsigned char)('a' + (next() >> 20) % 5);
    at[length - 1] = 0;
    check(f_strspn((char *)at, "abcde") == (size_t)length - 1);
    check(f_strcspn((char *)at, "xyz") == (size_t)length - 1);
    at[length - 3] = 'x';
    check(f_strspn((char *)at, "edcba") == (size_t)length - 3);
    check(f_strcspn((char *)at, "qwx") == (size_t)length - 3);
    char needle[4] = {(char)at[length - 4], 'x', (char)at[length - 2], 0};
    check(f_strstr((char *)at, needle) == (char *)at + length - 4);
    check(f_strstr((char *)at, "abcdxe") == 0 || at[length - 4] == 'd');
}

static void run(const char *name, void (*test)(unsigned char *, int), int step, int most)
{
    tests = failures = 0;
    for (int i = 0; i < LENGTHS; i++)
        if (lengths[i] <= most) everywhere(a, a_end, lengths[i], lengths[i] > 300 ? 7 * step : step, test);
    printf("%s: %u tests, %u failures\n", name, tests, failures);
}

static int has_vex(const void *function)
{
    const unsigned char *code = function;
    /* A stub of the linker's: endbr64, then a jump through a pointer. */
    if (code[0] == 0xf3) code += 4;
    if (code[0] == 0xf2) code++;
    if (code[0] == 0xff && code[1] == 0x25) code = *(const unsigned char *const *)(code + 6 + *(const int *)(code + 2));
    for (int i = 0; i < 160; i++) {
        /* vzeroupper, vmovd, vmovdqu and vmovups, vpcmpeqb, vpxor, vpbroadcastb, ... */
        if (code[i] == 0xc5 && (code[i + 1] & 0x78) == 0x78) return 1;
        if (code[i] == 0xc4 && (code[i + 1] & 0x1f) == 2 && code[i + 3] == 0x78) return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "pick") == 0) {
        const void *const functions[] = {(void *)f_strlen, (void *)f_strnlen, (void *)f_memchr, (void *)f_memrchr, (void *)f_rawmemchr, (void *)f_strchr, (void *)f_strchrnul, (void *)f_strrchr, (void *)f_memcmp, (void *)f_strcmp, (void *)f_strncmp, (void *)f_memcpy, (void *)f_memmove, (void *)f_memset, (void *)f_strcpy, (void *)f_stpcpy, (void *)f_strncpy, (void *)f_strcat, (void *)f_wcslen};
        static const char *const names[] = {"strlen", "strnlen", "memchr", "memrchr", "rawmemchr", "strchr", "strchrnul", "strrchr", "memcmp", "strcmp", "strncmp", "memcpy", "memmove", "memset", "strcpy", "stpcpy", "strncpy", "strcat", "wcslen"};
        for (int i = 0; i < 19; i++) printf("%s %s\n", names[i], has_vex(functions[i]) ? "vex" : "legacy");
        return 0;
    }
    a = make_room();
    b = make_room();
    a_end = a + PAGES * PAGE;
    b_end = b + PAGES * PAGE;
    run("strlen strnlen", lengths_of, 1, 3000);
    run("memchr memrchr rawmemchr", finds, 1, 3000);
    run("strchr strrchr", finds_in_string, 1, 3000);
    run("memcmp strcmp strncmp strcasecmp", compares, 3, 1024);
    run("memcpy memmove", copies, 1, 3000);
    run("memmove with overlap", moves, 5, 512);
    run("memset wmemset wcslen", sets, 1, 3000);
    run("strcpy stpcpy strncpy strcat", string_copies, 3, 1024);
    run("strspn strcspn strstr", spans, 3, 512);
    return failures != 0;
}
