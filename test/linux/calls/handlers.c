#include "calls.h"

static volatile int count, order[8];
static volatile siginfo_t seen;
static void note(int s) { order[count++ & 7] = s; }
static void inform(int s, siginfo_t *i, void *c) { (void)c, order[count++ & 7] = s, seen = *i; }
static void on(int s, int flags) { struct sigaction a = {0}; a.sa_sigaction = inform, a.sa_flags = SA_SIGINFO | flags; sigaction(s, &a, NULL); }
static void hold(int how, int s) { sigset_t m; sigemptyset(&m); sigaddset(&m, s); sigprocmask(how, &m, NULL); }
static void later(int ms) { struct itimerval t = {{0, 0}, {0, ms * 1000}}; setitimer(ITIMER_REAL, &t, NULL); }

TEST(lowest_signal_first) { signal(SIGUSR1, note); signal(SIGUSR2, note); signal(SIGHUP, note); sigset_t a, o; sigfillset(&a); sigprocmask(SIG_SETMASK, &a, &o); raise(SIGUSR2); raise(SIGUSR1); raise(SIGHUP); sigprocmask(SIG_SETMASK, &o, NULL); printf("%d %d %d\n", order[0], order[1], order[2]); }
TEST(realtime_in_order) { on(SIGRTMIN + 1, 0); on(SIGRTMIN, 0); sigset_t a, o; sigfillset(&a); sigprocmask(SIG_SETMASK, &a, &o); for (int i = 0; i < 2; i++) sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i}), sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}); sigprocmask(SIG_SETMASK, &o, NULL); for (int i = 0; i < 4; i++) printf("%d ", order[i] - SIGRTMIN); SHOW(seen.si_value.sival_int); }
TEST(default_ignores) { raise(SIGCHLD); raise(SIGURG); raise(SIGWINCH); raise(SIGCONT); puts("alive"); }
TEST(default_kills) { puts("before"); raise(SIGTERM); puts("not reached"); }
TEST(default_dumps) { struct rlimit r = {0, 0}; setrlimit(RLIMIT_CORE, &r); raise(SIGQUIT); }
TEST(kill_cannot_be_caught) { SHOW(signal(SIGKILL, note) == SIG_ERR); SHOW(signal(SIGSTOP, SIG_IGN) == SIG_ERR); raise(SIGKILL); }
TEST(abort_exits_by_signal) { abort(); }
TEST(blocked_fault_kills) { hold(SIG_BLOCK, SIGSEGV); signal(SIGSEGV, note); *(volatile int *)0 = 1; puts("not reached"); }
TEST(ignored_is_dropped) { signal(SIGUSR1, SIG_IGN); hold(SIG_BLOCK, SIGUSR1); raise(SIGUSR1); signal(SIGUSR1, note); hold(SIG_UNBLOCK, SIGUSR1); SHOW(count); }
TEST(handler_set_to_ignore_clears) { signal(SIGUSR1, note); hold(SIG_BLOCK, SIGUSR1); raise(SIGUSR1); signal(SIGUSR1, SIG_IGN); sigset_t p; sigpending(&p); SHOW(sigismember(&p, SIGUSR1)); signal(SIGUSR1, note); hold(SIG_UNBLOCK, SIGUSR1); SHOW(count); }
TEST(sender_is_told) { on(SIGUSR1, 0); kill(getpid(), SIGUSR1); printf("%d %d %d\n", seen.si_code, seen.si_pid == getpid(), seen.si_uid == getuid()); syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR1); SHOW(seen.si_code); syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1); SHOW(seen.si_code); SHOW(syscall(SYS_tgkill, getpid(), 0x7ffffff, 0)); SHOW(syscall(SYS_tkill, -1, 0)); }
TEST(queue_forgery) { siginfo_t i; memset(&i, 0, sizeof i); i.si_code = SI_USER; SHOW(syscall(SYS_rt_sigqueueinfo, 1, SIGUSR1, &i)); i.si_code = SI_QUEUE; on(SIGUSR1, 0); SHOW(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &i)); SHOW(seen.si_code); SHOW(syscall(SYS_rt_sigqueueinfo, getpid(), 99, &i)); }
TEST(read_restarts) { int p[2]; pipe(p); on(SIGALRM, SA_RESTART); signal(SIGUSR1, note); struct itimerval t = {{0, 0}, {0, 20000}}; setitimer(ITIMER_REAL, &t, NULL); struct sigaction a = {0}; a.sa_handler = note; (void)a; char c; int q[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, q); struct timeval v = {0, 60000}; setsockopt(q[0], SOL_SOCKET, SO_RCVTIMEO, &v, sizeof v); SHOW(read(q[0], &c, 1)); SHOW(count); later(20); on(SIGALRM, 0); fcntl(p[0], F_SETFL, 0); SHOW(read(p[0], &c, 1)); }
TEST(sleep_goes_on) { signal(SIGALRM, SIG_IGN); later(10); struct timespec t = {0, 40000000}, a, z; clock_gettime(CLOCK_MONOTONIC, &a); SHOW(nanosleep(&t, NULL)); clock_gettime(CLOCK_MONOTONIC, &z); SHOW((z.tv_sec - a.tv_sec) * 1000 + (z.tv_nsec - a.tv_nsec) / 1000000 >= 40); }
TEST(sleep_tells_the_rest) { on(SIGALRM, SA_RESTART); later(10); struct timespec t = {100, 0}, r = {0, 0}; SHOW(nanosleep(&t, &r)); SHOW(r.tv_sec); later(10); SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){0x7fffffff, 0}, NULL)); }
TEST(suspended_mask) { signal(SIGALRM, note); hold(SIG_BLOCK, SIGALRM); later(10); sigset_t m; sigemptyset(&m); SHOW(sigsuspend(&m)); SHOW(count); sigprocmask(SIG_BLOCK, NULL, &m); SHOW(sigismember(&m, SIGALRM)); }
TEST(waited_for_signal) { hold(SIG_BLOCK, SIGALRM); later(10); sigset_t m; sigemptyset(&m); sigaddset(&m, SIGALRM); siginfo_t i; SHOW(sigwaitinfo(&m, &i)); SHOW(i.si_code); struct timespec t = {0, 0}; SHOW(sigtimedwait(&m, &i, &t)); t.tv_nsec = -1; SHOW(sigtimedwait(&m, &i, &t)); SHOW(syscall(SYS_rt_sigtimedwait, &m, NULL, &t, 4)); }
TEST(masked_while_handled) { struct sigaction a = {0}; a.sa_handler = note; sigaddset(&a.sa_mask, SIGUSR2); sigaction(SIGUSR1, &a, NULL); sigaction(SIGUSR1, NULL, &a); printf("%d %d\n", sigismember(&a.sa_mask, SIGUSR2), sigismember(&a.sa_mask, SIGHUP)); }
static char *alternate;
static void where(int s) { char here; (void)s; printf("on the stack: %d\n", &here >= alternate && &here < alternate + 65536); stack_t t; sigaltstack(NULL, &t); SHOW(t.ss_flags); t.ss_flags = 0; SHOW(sigaltstack(&t, NULL)); }
TEST(alternate_stack) { alternate = malloc(65536); stack_t t = {alternate, 0, 65536}; SHOW(sigaltstack(&t, NULL)); struct sigaction a = {0}; a.sa_handler = where, a.sa_flags = SA_ONSTACK; sigaction(SIGUSR1, &a, NULL); raise(SIGUSR1); t.ss_flags = SS_DISABLE; SHOW(sigaltstack(&t, NULL)); sigaltstack(NULL, &t); SHOW(t.ss_flags); }
static jmp_buf out;
static void overflowed(int s) { (void)s; siglongjmp(out, 1); }
static int deeper(int n) { volatile char b[4096]; b[0] = n; return deeper(n + 1) + b[0]; }
TEST(stack_overflow_caught) { stack_t t = {malloc(65536), 0, 65536}; sigaltstack(&t, NULL); struct sigaction a = {0}; a.sa_handler = overflowed, a.sa_flags = SA_ONSTACK; sigaction(SIGSEGV, &a, NULL); if (!sigsetjmp(out, 1)) deeper(0); puts("caught"); }
static void change(int s, siginfo_t *i, void *v) { (void)s, (void)i; ucontext_t *c = v; c->uc_mcontext.gregs[REG_RIP] += 2; c->uc_mcontext.gregs[REG_RCX] = 77; }
TEST(context_changed) { struct sigaction a = {0}; a.sa_sigaction = change, a.sa_flags = SA_SIGINFO; sigaction(SIGILL, &a, NULL); long r; __asm__ volatile("ud2" : "=c"(r)); SHOW(r); }
TEST(interval_timer_counts) { signal(SIGALRM, note); struct itimerval t = {{0, 2000}, {0, 1}}; setitimer(ITIMER_REAL, &t, NULL); while (count < 5) pause(); getitimer(ITIMER_REAL, &t); SHOW(t.it_interval.tv_usec); SHOW(t.it_value.tv_usec <= 2000); }
TEST(profiling_timer) { signal(SIGPROF, note); struct itimerval t = {{0, 0}, {0, 4000}}; SHOW(setitimer(ITIMER_PROF, &t, NULL)); while (!count) ; SHOW(order[0] == SIGPROF); }
TEST(alarm_kills) { alarm(1); for (;;) pause(); }
static void spent(int s) { (void)s; struct rlimit r; getrlimit(RLIMIT_CPU, &r); printf("signal %d, soft limit %ld\n", s, (long)r.rlim_cur); }
static void spend(void) { __asm__ volatile("1: rep lodsb\n jmp 1b" : : "S"(&count), "c"(0) : "rax", "memory"); }
TEST(processor_limit) { struct rlimit r = {0, 0}; SHOW(getrlimit(RLIMIT_CPU, &r)); r.rlim_cur = 1, r.rlim_max = 2; SHOW(setrlimit(RLIMIT_CPU, &r)); struct sigaction a = {0}; a.sa_handler = spent; sigaction(SIGXCPU, &a, NULL); (void)spend; puts("spending is too long for a test"); }
TEST(size_limit_signal) { struct rlimit r = {10, 10}; setrlimit(RLIMIT_FSIZE, &r); signal(SIGXFSZ, note); int fd = open("f", O_CREAT | O_RDWR, 0600); SHOW(write(fd, "0123456789abc", 13)); SHOW(write(fd, "x", 1)); SHOW(count); SHOW(pwrite(fd, "x", 1, 9)); SHOW(ftruncate(fd, 11)); SHOW(count); SHOW(fallocate(fd, 0, 0, 20)); signal(SIGXFSZ, SIG_DFL); write(fd, "x", 1); puts("not reached"); }
