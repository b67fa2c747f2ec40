#include "calls.h"

TEST(identity_changes) { uid_t r, e, v; SHOW(setresuid(5, 6, 7)); getresuid(&r, &e, &v); printf("%d %d %d\n", r, e, v); SHOW(seteuid(5)); SHOW(setuid(7)); SHOW(seteuid(9)); SHOW(setreuid(-1, 7)); getresuid(&r, &e, &v); printf("%d %d %d\n", r, e, v); SHOW(getresuid((void *)8, &e, &v)); }
TEST(group_changes) { gid_t r, e, v; SHOW(setgid(5)); SHOW(setregid(-1, 6)); getresgid(&r, &e, &v); printf("%d %d %d\n", r, e, v); SHOW(setresuid(1, 1, 1)); SHOW(setgid(5)); SHOW(setgid(77)); SHOW(setgroups(0, NULL)); }
TEST(supplementary_groups) { gid_t g[4] = {3, 1, 2, 0}; SHOW(setgroups(3, g)); SHOW(getgroups(0, NULL)); SHOW(getgroups(2, g)); SHOW(getgroups(4, g)); printf("%d %d %d\n", g[0], g[1], g[2]); SHOW(setgroups(70000, g)); SHOW(getgroups(-1, g)); }
TEST(file_ids) { SHOW(syscall(SYS_setfsuid, 5)); SHOW(syscall(SYS_setfsuid, -1)); int fd = open("f", O_CREAT, 0600); (void)fd; chmod(".", 0777); SHOW(syscall(SYS_setfsgid, 9)); SHOW(syscall(SYS_setfsgid, -1)); }
TEST(capability_to_signal) { setresuid(5, 5, 5); SHOW(kill(getpid(), 0)); SHOW(setpriority(PRIO_PROCESS, 0, -5)); SHOW(setpriority(PRIO_PROCESS, 0, 19)); SHOW(getpriority(PRIO_PROCESS, 0)); SHOW(sethostname("x", 1)); }
TEST(priorities) { SHOW(setpriority(PRIO_PROCESS, 0, 50)); SHOW(getpriority(PRIO_PROCESS, 0)); SHOW(syscall(SYS_getpriority, PRIO_PROCESS, 0)); SHOW(setpriority(9, 0, 1)); SHOW(getpriority(PRIO_PROCESS, 0x7ffffff)); SHOW(nice(-30)); }
TEST(masks_of_files) { SHOW(umask(077)); SHOW(umask(07777)); SHOW(umask(0)); }
TEST(limits_of_limits) { struct rlimit r; getrlimit(RLIMIT_NOFILE, &r); r.rlim_cur = r.rlim_max + 1; SHOW(setrlimit(RLIMIT_NOFILE, &r)); SHOW(syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &r)); SHOW(syscall(SYS_prlimit64, 0x7ffffff, RLIMIT_CORE, NULL, &r)); SHOW(getrlimit(16, &r)); SHOW(setrlimit(RLIMIT_CORE, (void *)8)); setresuid(5, 5, 5); getrlimit(RLIMIT_NOFILE, &r); r.rlim_cur = r.rlim_max = 50; SHOW(setrlimit(RLIMIT_NOFILE, &r)); r.rlim_max = 60; SHOW(setrlimit(RLIMIT_NOFILE, &r)); }
TEST(descriptor_limit) { struct rlimit r = {5, 5}; setrlimit(RLIMIT_NOFILE, &r); SHOW(dup(0)); int p[2]; SHOW(pipe(p)); SHOW(dup(0)); SHOW(dup(0)); SHOW(open("f", O_CREAT, 0600)); SHOW(fcntl(0, F_DUPFD, 5)); SHOW(epoll_create1(0)); SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, p)); }
TEST(sessions) { SHOW(getsid(0) == getsid(getpid())); SHOW(getpgrp() == getpgid(0)); SHOW(setpgid(0, -1)); SHOW(setpgid(0x7ffffff, 0)); SHOW(getsid(0x7ffffff)); }
TEST(no_children) { int w; SHOW(wait(&w)); SHOW(waitpid(-1, &w, WNOHANG)); SHOW(waitpid(1, &w, 0)); siginfo_t i; SHOW(waitid(P_ALL, 0, &i, WEXITED)); SHOW(waitid(P_ALL, 0, &i, 0)); SHOW(waitid(9, 0, &i, WEXITED)); }
TEST(exit_status) { puts("x"); _exit(0x123); }
TEST(names_of_task) { char b[16] = ""; prctl(PR_SET_NAME, "short"); prctl(PR_GET_NAME, b); puts(b); int fd = open("/proc/self/comm", O_RDWR); SHOW(write(fd, "written\n", 8)); prctl(PR_GET_NAME, b); puts(b); SHOW(prctl(PR_SET_NAME, 8)); }
TEST(death_signal) { int s = 9; SHOW(prctl(PR_SET_PDEATHSIG, 10)); SHOW(prctl(PR_GET_PDEATHSIG, &s)); SHOW(s); SHOW(prctl(PR_SET_PDEATHSIG, 99)); SHOW(prctl(PR_SET_TIMERSLACK, 777)); SHOW(prctl(PR_GET_TIMERSLACK)); SHOW(prctl(PR_SET_TIMERSLACK, 0)); SHOW(prctl(PR_GET_TIMERSLACK)); SHOW(prctl(PR_GET_KEEPCAPS)); }
TEST(segment_bases) { unsigned long v; SHOW(syscall(SYS_arch_prctl, 0x1004, &v)); SHOW(v); SHOW(syscall(SYS_arch_prctl, 0x1001, 0x1234000)); SHOW(syscall(SYS_arch_prctl, 0x1004, &v)); SHOW(v); SHOW(syscall(SYS_arch_prctl, 0x1001, 1UL << 60)); SHOW(syscall(SYS_arch_prctl, 0x1003, 8)); }
TEST(robust_list) { void *h; size_t l; SHOW(syscall(SYS_set_robust_list, 4096, 24)); SHOW(syscall(SYS_get_robust_list, 0, &h, &l)); printf("%lx %ld\n", (long)h, (long)l); SHOW(syscall(SYS_get_robust_list, 0x7ffffff, &h, &l)); SHOW(syscall(SYS_set_robust_list, 4096, 23)); }
TEST(after_robust) { struct { long next, futex; } *m = mmap(NULL, 4096, 3, MAP_SHARED, open("shared", O_RDWR), 0); printf("%lx\n", m[1].futex & 0xffffffff); }
TEST(robust_futex_dies) {
  int fd = open("shared", O_CREAT | O_RDWR, 0600);
  ftruncate(fd, 4096);
  struct { long next, futex; } *m = mmap(NULL, 4096, 3, MAP_SHARED, fd, 0);
  long head[3] = {(long)&m[1], 8, 0};
  m[1].next = (long)head, m[1].futex = syscall(SYS_gettid);
  SHOW(syscall(SYS_set_robust_list, head, 24));
  execl("/proc/self/exe", "calls", "after_robust", NULL);
}
TEST(futex_values) { int f = 1; struct timespec t = {0, 10000000}; SHOW(syscall(SYS_futex, &f, 0, 0, &t)); SHOW(syscall(SYS_futex, &f, 0, 1, &t)); SHOW(syscall(SYS_futex, &f, 128, 1, &t)); t.tv_nsec = -1; SHOW(syscall(SYS_futex, &f, 0, 1, &t)); SHOW(syscall(SYS_futex, &f, 1, 1)); SHOW(syscall(SYS_futex, &f, 4, 1, 1, &f, 2)); SHOW(syscall(SYS_futex, &f, 4, 1, 1, &f, 1)); }
TEST(futex_operation) { int f = 1, g = 5; SHOW(syscall(SYS_futex, &f, 5, 1, 1, &g, (0 << 28) | (0 << 24) | (8 << 12) | 5)); SHOW(g); SHOW(syscall(SYS_futex, &f, 5, 1, 1, &g, (1 << 28) | (8 << 12))); SHOW(g); SHOW(syscall(SYS_futex, &f, 5, 1, 1, &g, (8 << 28))); }
TEST(random_blocks) { char b[8]; SHOW(syscall(SYS_getrandom, b, 8, 1)); SHOW(syscall(SYS_getrandom, b, 8, 2)); SHOW(syscall(SYS_getrandom, b, 8, 4)); SHOW(syscall(SYS_getrandom, b, 8, 6)); }
TEST(system_names) { struct utsname u; uname(&u); SHOW(strlen(u.nodename) > 0); puts(u.machine); SHOW(syscall(SYS_uname, 8)); SHOW(gethostname((char[65]){0}, 65)); }
TEST(times_of_processor) { struct timespec a, z; clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a); for (volatile int i = 0; i < 1000000; i++) ; clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &z); SHOW((z.tv_sec - a.tv_sec) * 1000000000 + z.tv_nsec - a.tv_nsec > 100000); SHOW(clock_settime(CLOCK_MONOTONIC, &a)); SHOW(clock_getres(CLOCK_REALTIME_COARSE, &a)); SHOW(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &a, NULL)); }
TEST(timer_repeats) { timer_t id; struct sigevent e = {0}; e.sigev_notify = SIGEV_NONE; SHOW(timer_create(CLOCK_MONOTONIC, &e, &id)); struct itimerspec t = {{5, 0}, {100, 0}}, o; SHOW(timer_settime(id, 0, &t, &o)); printf("%ld %ld\n", (long)o.it_value.tv_sec, (long)o.it_interval.tv_sec); SHOW(timer_gettime(id, &o)); printf("%d %ld\n", o.it_value.tv_sec >= 99, (long)o.it_interval.tv_sec); SHOW(timer_create(77, &e, &id)); e.sigev_signo = 99, e.sigev_notify = SIGEV_SIGNAL; SHOW(timer_create(CLOCK_MONOTONIC, &e, &id)); }
TEST(timerfd_absolute) { int t = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK); struct itimerspec s = {{0, 0}, {1, 0}}; uint64_t v = 0; SHOW(timerfd_settime(t, TFD_TIMER_ABSTIME, &s, NULL)); SHOW(read(t, &v, 8)); SHOW(v); SHOW(timerfd_gettime(t, &s)); SHOW(s.it_value.tv_sec); SHOW(timerfd_settime(0, 0, &s, NULL)); SHOW(timerfd_settime(t, 8, &s, NULL)); SHOW(read(t, &v, 7)); }
