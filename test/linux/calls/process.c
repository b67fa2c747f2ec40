#include "calls.h"

static void identity(void) {
  SHOW(getpid() == gettid());
  SHOW(getuid() == geteuid());
  SHOW(getsid(0) >= 0);
  SHOW(getpgid(0x7ffffff));
  SHOW(getpriority(PRIO_PROCESS, 0) < 20);
  SHOW(waitpid(-1, NULL, 0));
  SHOW(syscall(SYS_wait4, -1, 0, 0x100, 0));
  char b[20] = "";
  SHOW(prctl(PR_SET_NAME, "a name longer than fifteen"));
  SHOW(prctl(PR_GET_NAME, b));
  puts(b);
  SHOW(prctl(PR_GET_DUMPABLE));
  SHOW(prctl(PR_SET_DUMPABLE, 5));
  SHOW(prctl(12345));
  SHOW(prctl(PR_SET_CHILD_SUBREAPER, 1));
  int r = 0;
  SHOW(prctl(PR_GET_CHILD_SUBREAPER, &r));
  SHOW(r);
  SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  struct utsname u;
  SHOW(uname(&u));
  printf("%s %s\n", u.sysname, u.machine);
  SHOW(syscall(SYS_uname, 8));
  SHOW(syscall(SYS_arch_prctl, 0x9999, 0));
  SHOW(syscall(SYS_set_robust_list, 0, 5));
}
static void limits(void) {
  struct rlimit r, o;
  SHOW(getrlimit(RLIMIT_NOFILE, &o));
  r.rlim_cur = 100, r.rlim_max = o.rlim_max;
  SHOW(setrlimit(RLIMIT_NOFILE, &r));
  SHOW(getrlimit(RLIMIT_NOFILE, &r));
  SHOW(r.rlim_cur);
  r.rlim_cur = 10, r.rlim_max = 5;
  SHOW(setrlimit(RLIMIT_NOFILE, &r));
  SHOW(getrlimit(99, &r));
  SHOW(dup2(1, 100));
  r.rlim_cur = r.rlim_max = 4096;
  SHOW(setrlimit(RLIMIT_FSIZE, &r));
  signal(SIGXFSZ, SIG_IGN);
  int fd = open("big", O_CREAT | O_RDWR | O_TRUNC, 0600);
  char b[8192] = {0};
  SHOW(write(fd, b, 8192));
  SHOW(write(fd, b, 1));
  SHOW(ftruncate(fd, 5000));
}
static void futexes(void) {
  int word = 5;
  struct timespec t = {0, 1000000};
  SHOW(syscall(SYS_futex, &word, 0, 4, NULL));
  SHOW(syscall(SYS_futex, &word, 0, 5, &t));
  SHOW(syscall(SYS_futex, &word, 1, 1, NULL));
  SHOW(syscall(SYS_futex, (char *)&word + 1, 0, 5, &t));
  SHOW(syscall(SYS_futex, 8, 0, 5, &t));
  SHOW(syscall(SYS_futex, &word, 9, 5, &t, NULL, 0));
  SHOW(syscall(SYS_futex, &word, 9, 5, &t, NULL, -1));
  SHOW(syscall(SYS_futex, &word, 77, 5, &t));
}
static void randomness(void) {
  unsigned char b[64] = {0};
  SHOW(syscall(SYS_getrandom, b, 64, 0));
  int n = 0;
  for (int i = 0; i < 64; i++) n += b[i] != 0;
  SHOW(n > 40);
  SHOW(syscall(SYS_getrandom, b, 64, 99));
  SHOW(syscall(SYS_getrandom, 8, 64, 0));
  SHOW(syscall(SYS_getrandom, b, 0, 0));
}
static void scheduling(void) {
  unsigned long m[16];
  SHOW(syscall(SYS_sched_getaffinity, 0, 128, m) > 0);
  SHOW(syscall(SYS_sched_getaffinity, 0, 3, m));
  SHOW(m[0] != 0);
  SHOW(sched_yield());
  SHOW(syscall(SYS_sched_getscheduler, 0));
  SHOW(syscall(SYS_sched_get_priority_max, 1));
  SHOW(syscall(SYS_sched_get_priority_max, 77));
}

static void after_exec(void) {
  struct sigaction a;
  sigset_t m;
  sigaction(SIGUSR1, NULL, &a);
  SHOW(a.sa_handler == SIG_IGN);
  sigaction(SIGUSR2, NULL, &a);
  SHOW(a.sa_handler == SIG_DFL);
  sigprocmask(SIG_SETMASK, NULL, &m);
  SHOW(sigismember(&m, SIGALRM));
  SHOW(fcntl(10, F_GETFD));
  SHOW(fcntl(11, F_GETFD));
  SHOW(lseek(11, 0, SEEK_CUR));
  SHOW(umask(0));
  puts(getenv("GREETING") ? getenv("GREETING") : "none");
}
static void exec(void) {
  char *argv[] = {"calls", "after-exec", NULL}, *envp[] = {"GREETING=hello", NULL};
  sigset_t m;
  SHOW(execve("none", argv, envp));
  SHOW(execve(".", argv, envp));
  int fd = open("text", O_CREAT | O_RDWR | O_TRUNC, 0755);
  write(fd, "just text\n", 10);
  close(fd);
  SHOW(execve("text", argv, envp));
  SHOW(chmod("text", 0644));
  SHOW(execve("text", argv, envp));
  SHOW(execve((char *)8, argv, envp));
  SHOW(execve("/proc/self/exe", (char **)8, envp));
  signal(SIGUSR1, SIG_IGN);
  signal(SIGUSR2, _exit);
  sigemptyset(&m);
  sigaddset(&m, SIGALRM);
  sigprocmask(SIG_BLOCK, &m, NULL);
  dup3(1, 10, O_CLOEXEC);
  fd = open("text", O_RDONLY);
  lseek(fd, 3, SEEK_SET);
  dup2(fd, 11);
  umask(077);
  execve("/proc/self/exe", argv, envp);
}

const struct test process_tests[] = {{"exec", exec}, {"after-exec", after_exec}, {"identity", identity}, {"limits", limits}, {"futex", futexes}, {"random", randomness}, {"scheduling", scheduling}, {0}};
