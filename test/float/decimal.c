/*
 * printf and strtod of the C library over random doubles and long doubles: `decimal COUNT` makes COUNT numbers and prints a running hash of every
 * text and of every number read back, sixteen times. All exponents, denormals, decimal texts exactly halfway between two doubles and beside it,
 * short decimal texts, hexadecimal texts, infinities and NaNs.
 */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash = 0xcbf29ce484222325, state = 88172645463325252;
static char text[6000];
static unsigned long long failures;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1d;
}

static void mix(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * 0x100000001b3;
}

static double double_of(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, 8);
    return d;
}

static long double long_of(unsigned sign_exponent, uint64_t significand)
{
    long double x = 0;
    memcpy(&x, &significand, 8);
    memcpy((char *)&x + 8, &(uint16_t){(uint16_t)sign_exponent}, 2);
    return x;
}

static void check(int holds)
{
    failures += !holds;
}

/* The text as every type reads it. */
static void read_text(void)
{
    char *end;
    double d = strtod(text, &end);
    mix(&d, 8);
    mix(&(int){(int)(end - text)}, 4);
    float f = strtof(text, NULL);
    mix(&f, 4);
    long double l = strtold(text, NULL);
    mix(&l, 10);
}

static void print_double(double d)
{
    unsigned choice = next() >> 32;
    int precision = choice % 24;
    mix(text, snprintf(text, sizeof text, "%.17g", d));
    check(strtod(text, NULL) == d || d != d);
    mix(text, snprintf(text, sizeof text, "%a", d));
    check(strtod(text, NULL) == d || d != d);
    switch (choice >> 8 & 7) {
    case 0: mix(text, snprintf(text, sizeof text, "%.*e", precision, d)); break;
    case 1: mix(text, snprintf(text, sizeof text, "%#.*g", precision, d)); break;
    case 2: mix(text, snprintf(text, sizeof text, "%.*a", precision, d)); break;
    case 3: mix(text, snprintf(text, sizeof text, "%+030.*f", precision, fabs(d) < 1e40 ? d : 1 / d)); break;
    case 4: mix(text, snprintf(text, sizeof text, "%G %E", d, d)); break;
    case 5: mix(text, snprintf(text, sizeof text, "%.*Lg", precision, (long double)d)); break;
    case 6: mix(text, snprintf(text, sizeof text, "%g", (double)(float)d)); break;
    default: mix(text, snprintf(text, sizeof text, "%.*e", 30 + precision, d)); break;
    }
    read_text();
}

static void print_long(long double x)
{
    mix(text, snprintf(text, sizeof text, "%La", x));
    check(strtold(text, NULL) == x || x != x);
    mix(text, snprintf(text, sizeof text, "%.21Lg", x));
    check(strtold(text, NULL) == x || x != x);
    read_text();
    mix(text, snprintf(text, sizeof text, "%.*Le", (int)(next() >> 60), x));
    read_text();
}

/* The decimal text of the number halfway between a double and the next one, and that with its last digit changed or digits behind it. */
static void print_halfway(double d)
{
    double above = nextafter(d, INFINITY);
    long double middle = ((long double)d + above) / 2;
    int length = snprintf(text, sizeof text, "%.*Le", 780, middle);
    mix(text, length);
    char *exponent = strchr(text, 'e');
    uint64_t bits, expected;
    memcpy(&bits, &d, 8);
    double even = bits & 1 ? above : d;
    memcpy(&expected, &even, 8);
    double got = strtod(text, NULL);
    memcpy(&bits, &got, 8);
    check(bits == expected);
    read_text();
    exponent[-1]++;
    check(strtod(text, NULL) == above);
    read_text();
}

static void read_decimal(void)
{
    int digits = 1 + next() % 40, length = 0;
    if (next() & 1)
        text[length++] = '-';
    int point = next() % (digits + 1);
    for (int i = 0; i < digits; i++) {
        if (i == point)
            text[length++] = '.';
        text[length++] = '0' + next() % 10;
    }
    snprintf(text + length, sizeof text - length, "e%d", (int)(next() % 700) - 350);
    read_text();
    if ((next() & 63) == 0) {
        snprintf(text + length, sizeof text - length, "e%d", (int)(next() % 10000) - 5000);
        read_text();
    }
}

static void read_hexadecimal(void)
{
    uint64_t bits = next();
    snprintf(text, sizeof text, "0x%llx.%llxp%d", (unsigned long long)bits >> (bits & 63), (unsigned long long)next(), (int)(next() % 2300) - 1150);
    read_text();
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 1000;
    for (long i = 0; i < count; i++) {
        uint64_t bits = next();
        switch (i & 7) {
        case 0:
        case 1: print_double(double_of(bits)); break;
        case 2: print_double(double_of((bits & 0x800fffffffffffff) | (1023 + bits / 3 % 64 - 32) << 52)); break;
        case 3: print_double(i & 8 ? double_of(bits & 0x800fffffffffffff) : (double)(int64_t)(bits >> (bits & 63))); break;
        case 4: print_long(long_of(i & 0x1f8 ? 0x3fff - 600 + bits % 1200 : bits >> 48, next() | 1ull << 63)); break;
        case 5: print_long(!(i & 0x1f8) ? long_of(bits >> 63 << 15, bits >> (bits & 31) >> 1) : long_of(0x3fc0 + bits % 128, next() | 1ull << 63)); break;
        case 6: read_decimal(); break;
        default:
            if (i & 56)
                read_hexadecimal();
            else
                print_halfway(double_of((bits & 0xfffffffffffff) | (bits >> 53) % 2000 << 52));
            break;
        }
        if ((i + 1) % ((count + 15) / 16) == 0 || i + 1 == count)
            printf("%ld %016llx\n", i + 1, (unsigned long long)hash);
    }
    printf("%llu failures\n", failures);
    return failures != 0;
}
