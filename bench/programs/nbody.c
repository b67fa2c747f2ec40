/* Sun and the outer planets, after the task of the Computer Language Benchmarks Game; REAL is double or long double. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BODIES 5
static const REAL pi = 3.141592653589793238462643383279502884L, days = 365.24L;

struct body {
    REAL x[3], v[3], mass;
};

static struct body bodies[BODIES] = {
    {{0, 0, 0}, {0, 0, 0}, 1},
    {{4.84143144246472090e+00L, -1.16032004402742839e+00L, -1.03622044471123109e-01L},
     {1.66007664274403694e-03L, 7.69901118419740425e-03L, -6.90460016972063023e-05L},
     9.54791938424326609e-04L},
    {{8.34336671824457987e+00L, 4.12479856412430479e+00L, -4.03523417114321381e-01L},
     {-2.76742510726411899e-03L, 4.99852801234917238e-03L, 2.30417297573763929e-05L},
     2.85885980666130812e-04L},
    {{1.28943695621391310e+01L, -1.51111514016986312e+01L, -2.23307578892655734e-01L},
     {2.96460137564761618e-03L, 2.37847173959480950e-03L, -2.96589568540237556e-05L},
     4.36624404335156298e-05L},
    {{1.53796971148509165e+01L, -2.59193146099879641e+01L, 1.79258772950371181e-01L},
     {2.68067772490389322e-03L, 1.62824170038242295e-03L, -9.51592254519715870e-05L},
     5.15138902046611451e-05L},
};

static REAL root(REAL x)
{
    return sizeof(REAL) > 8 ? (REAL)sqrtl(x) : (REAL)sqrt((double)x);
}

static REAL energy(void)
{
    REAL e = 0;
    for (int i = 0; i < BODIES; i++) {
        const struct body *b = &bodies[i];
        e += b->mass * (b->v[0] * b->v[0] + b->v[1] * b->v[1] + b->v[2] * b->v[2]) / 2;
        for (int j = i + 1; j < BODIES; j++) {
            const struct body *c = &bodies[j];
            REAL dx = b->x[0] - c->x[0], dy = b->x[1] - c->x[1], dz = b->x[2] - c->x[2];
            e -= b->mass * c->mass / root(dx * dx + dy * dy + dz * dz);
        }
    }
    return e;
}

static void advance(REAL dt)
{
    for (int i = 0; i < BODIES; i++) {
        struct body *b = &bodies[i];
        for (int j = i + 1; j < BODIES; j++) {
            struct body *c = &bodies[j];
            REAL dx = b->x[0] - c->x[0], dy = b->x[1] - c->x[1], dz = b->x[2] - c->x[2];
            REAL d2 = dx * dx + dy * dy + dz * dz;
            REAL magnitude = dt / (d2 * root(d2));
            REAL mb = b->mass * magnitude, mc = c->mass * magnitude;
            b->v[0] -= dx * mc;
            b->v[1] -= dy * mc;
            b->v[2] -= dz * mc;
            c->v[0] += dx * mb;
            c->v[1] += dy * mb;
            c->v[2] += dz * mb;
        }
    }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            bodies[i].x[k] += dt * bodies[i].v[k];
}

int main(int argc, char **argv)
{
    int steps = argc > 1 ? atoi(argv[1]) : 1000;
    for (int i = 0; i < BODIES; i++) {
        for (int k = 0; k < 3; k++)
            bodies[i].v[k] *= days;
        bodies[i].mass *= 4 * pi * pi;
    }
    for (int i = 1; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            bodies[0].v[k] -= bodies[i].v[k] * bodies[i].mass / bodies[0].mass;
    printf("%.18Lf\n", (long double)energy());
    for (int i = 0; i < steps; i++)
        advance(0.01L);
    printf("%.18Lf\n", (long double)energy());
    return 0;
}
