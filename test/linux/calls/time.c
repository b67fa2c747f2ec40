#include "calls.h"

static long ns(clockid_t c) {
  struct timespec t;
  clock_gettime(c, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}
static void clocks(void) {
  struct timespec t;
  long a = ns(CLOCK_MONOTONIC), b = ns(CLOCK_MONOTONIC);
  SHOW(b > a);
  SHOW(ns(CLOCK_REALTIME) / 1000000000 - time(NULL) <= 1);
  SHOW(clock_gettime(99, &t));
  SHOW(clock_getres(CLOCK_MONOTONIC, &t));
  SHOW(t.tv_nsec);
  SHOW(clock_getres(CLOCK_MONOTONIC, NULL));
  SHOW(syscall(SYS_clock_gettime, CLOCK_REALTIME, 8));
  SHOW(ns(CLOCK_PROCESS_CPUTIME_ID) > 0);
  SHOW(ns(CLOCK_THREAD_CPUTIME_ID) > 0);
  struct timeval v;
  SHOW(gettimeofday(&v, NULL));
  SHOW(v.tv_usec < 1000000);
}
static void sleeping(void) {
  struct timespec r = {0, 30000000}, bad = {0, 1000000000}, at;
  long a = ns(CLOCK_MONOTONIC);
  SHOW(nanosleep(&r, NULL));
  SHOW(ns(CLOCK_MONOTONIC) - a >= 30000000);
  SHOW(nanosleep(&bad, NULL));
  SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &r, NULL));
  SHOW(clock_nanosleep(77, 0, &r, NULL));
  clock_gettime(CLOCK_REALTIME, &at);
  SHOW(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, NULL));
  a = ns(CLOCK_MONOTONIC);
  SHOW(poll(NULL, 0, 20));
  struct timeval v = {0, 10000};
  SHOW(select(0, NULL, NULL, NULL, &v));
  SHOW(v.tv_usec);
  SHOW(ns(CLOCK_MONOTONIC) - a >= 30000000);
}
static volatile int ticks;
static void tick(int s) { (void)s, ticks++; }
static void timers(void) {
  signal(SIGALRM, tick);
  SHOW(alarm(100));
  SHOW(alarm(0));
  struct itimerval t = {{0, 5000}, {0, 5000}}, o;
  SHOW(setitimer(ITIMER_REAL, &t, NULL));
  while (ticks < 3) pause();
  t.it_value.tv_usec = t.it_interval.tv_usec = 0;
  SHOW(setitimer(ITIMER_REAL, &t, &o));
  SHOW(o.it_interval.tv_usec);
  SHOW(getitimer(ITIMER_REAL, &o));
  SHOW(o.it_value.tv_usec);
  SHOW(getitimer(9, &o));
  t.it_value.tv_usec = 2000000;
  SHOW(setitimer(ITIMER_REAL, &t, NULL));
  signal(SIGVTALRM, tick);
  ticks = 0;
  struct itimerval c = {{0, 0}, {0, 2000}};
  SHOW(setitimer(ITIMER_VIRTUAL, &c, NULL));
  while (!ticks) ;
  SHOW(ticks);
}
static void posix_timers(void) {
  timer_t id;
  struct sigevent e = {0};
  e.sigev_notify = SIGEV_SIGNAL;
  e.sigev_signo = SIGUSR1;
  e.sigev_value.sival_int = 42;
  sigset_t s;
  sigemptyset(&s);
  sigaddset(&s, SIGUSR1);
  sigprocmask(SIG_BLOCK, &s, NULL);
  SHOW(timer_create(CLOCK_MONOTONIC, &e, &id));
  struct itimerspec t = {{0, 0}, {0, 1000000}};
  SHOW(timer_settime(id, 0, &t, NULL));
  siginfo_t i;
  SHOW(sigwaitinfo(&s, &i));
  printf("%d %d\n", i.si_code, i.si_value.sival_int);
  SHOW(timer_gettime(id, &t));
  SHOW(t.it_value.tv_nsec);
  SHOW(timer_getoverrun(id));
  SHOW(timer_delete(id));
  SHOW(timer_delete(id));
}
static void usage(void) {
  struct rusage r;
  SHOW(getrusage(RUSAGE_SELF, &r));
  SHOW(getrusage(RUSAGE_CHILDREN, &r));
  SHOW(r.ru_utime.tv_sec);
  SHOW(getrusage(5, &r));
  struct tms t;
  SHOW(times(&t) > 0);
  SHOW(t.tms_cutime);
}

const struct test time_tests[] = {{"clocks", clocks}, {"sleeping", sleeping}, {"timers", timers}, {"posix-timers", posix_timers}, {"usage", usage}, {0}};
