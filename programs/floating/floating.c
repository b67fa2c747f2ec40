/* Double, float and long double arithmetic, conversions, comparisons, rounding modes, and printf and strtod over them. */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double values[] = {
    0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1.5, 2.5, 3.141592653589793, -2.718281828459045, 1e10, 123456789.125, 1e-10, 1e300, -1e-300,
    4294967296.5, 9007199254740993.0, DBL_MIN, DBL_MIN / 4, DBL_MAX, INFINITY, -INFINITY, NAN,
};
enum { COUNT = sizeof values / sizeof values[0] };

static uint64_t mix(uint64_t hash, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    if (value != value)
        bits = 0x7ff8000000000000;
    return (hash ^ bits) * 0x9e3779b97f4a7c15 + (hash >> 29);
}

static void pairs(const char *name, double (*f)(double, double))
{
    uint64_t hash = 0;
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++)
            hash = mix(hash, f(values[i], values[j]));
    printf("%-12s %016lx\n", name, hash);
}

static double add(double a, double b) { return a + b; }
static double subtract(double a, double b) { return a - b; }
static double multiply(double a, double b) { return a * b; }
static double divide(double a, double b) { return a / b; }
static double root(double a, double b) { return sqrt(a) + sqrt(fabs(b)); }
static double single(double a, double b) { return (float)a * (float)b + (float)a / (float)b; }
static double smaller(double a, double b) { return a < b ? a : b; }
static double compare(double a, double b) { return (a < b) + 2 * (a <= b) + 4 * (a == b) + 8 * (a != b) + 16 * (a > b) + 32 * !!isunordered(a, b); }
static double remainders(double a, double b) { return fmod(a, b); }
static double extended(double a, double b) { return (double)((long double)a * (long double)b - (long double)a / 3.0L); }
static double integers(double a, double b) { return fabs(a) < 9e18 && fabs(b) < 2e9 ? (double)((int64_t)a ^ (int32_t)b) : 0; }
static double rounded(double a, double b) { return floor(a) + ceil(b) * 0.5 + rint(a) * 0.25 + trunc(b) + nearbyint(a) + round(b); }
static double scaled(double a, double b) { int e; double f = frexp(a, &e); return ldexp(f, e / 2) + (fabs(b) < 100 ? ldexp(a, (int)b) : 0); }

int main(void)
{
    pairs("add", add);
    pairs("subtract", subtract);
    pairs("multiply", multiply);
    pairs("divide", divide);
    pairs("sqrt", root);
    pairs("float", single);
    pairs("min", smaller);
    pairs("compare", compare);
    pairs("fmod", remainders);
    pairs("long double", extended);
    pairs("integers", integers);
    pairs("rounding", rounded);
    pairs("scale", scaled);

    static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    for (int i = 0; i < 4; i++) {
        fesetround(modes[i]);
        volatile double one = 1.0, three = 3.0, big = 1e16;
        volatile float single_one = 1.0f, single_three = 3.0f;
        volatile long double long_one = 1.0L, long_three = 3.0L;
        printf("mode %d: %.17g %.17g %.9g %.21Lg rint %g %g\n", i, one / three, -(big + one), (double)(single_one / single_three),
               long_one / long_three, rint(2.5), rint(-2.5));
    }
    fesetround(FE_TONEAREST);

    feclearexcept(FE_ALL_EXCEPT);
    volatile double zero = 0.0, huge = DBL_MAX, tiny = DBL_MIN;
    volatile double sink = 1.0 / zero;
    printf("flags after 1/0: %d\n", fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW));
    sink = zero / zero;
    printf("and 0/0: %d\n", fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW));
    sink = huge * huge;
    sink = tiny * tiny;
    printf("and overflow, underflow: %d\n", fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW));
    (void)sink;

    for (int i = 0; i < COUNT; i++)
        printf("%g %.3f %e %.17g %a\n", values[i], fabs(values[i]) < 1e20 ? values[i] : 0.0, values[i], values[i], values[i]);

    static const char *const texts[] = {"0.1", "1e23", "123456789012345678901234567890", "4.9e-324", "2.2250738585072011e-308", "0x1.8p3", "-inf", "1e400", "3.14abc"};
    for (int i = 0; i < 9; i++) {
        char *end;
        double d = strtod(texts[i], &end);
        printf("strtod %s = %.17g, rest \"%s\", float %.9g\n", texts[i], d, end, (double)strtof(texts[i], NULL));
    }

    for (int i = 1; i <= 5; i++) {
        double x = i * 0.7;
        printf("%.1f: sin %.12f cos %.12f tan %.12f exp %.10f log %.12f pow %.10f atan %.12f cbrt %.12f\n", x, sin(x), cos(x), tan(x), exp(x),
               log(x), pow(x, 1.7), atan(x), cbrt(x));
        printf("     sinh %.10f asin %.12f hypot %.12f erf %.12f gamma %.10f log2 %.12f\n", sinh(x), asin(x / 5), hypot(x, 2), erf(x), tgamma(x), log2(x));
    }

    double sum = 0, compensation = 0;
    for (int i = 1; i <= 100000; i++) {
        double y = 1.0 / i - compensation, t = sum + y;
        compensation = (t - sum) - y;
        sum = t;
    }
    printf("harmonic %.17g\n", sum);
    float fsum = 0;
    for (int i = 1; i <= 100000; i++)
        fsum += 1.0f / (float)i;
    printf("in float %.9g\n", (double)fsum);
    long double lsum = 0;
    for (int i = 1; i <= 100000; i++)
        lsum += 1.0L / i;
    printf("in long double %.20Lg\n", lsum);
    return 0;
}
