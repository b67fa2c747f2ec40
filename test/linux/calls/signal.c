#include "calls.h"

static volatile int count, last;
static volatile siginfo_t info;
static void note(int s) { count++, last = s; }
static void note_info(int s, siginfo_t *i, void *c) {
  (void)c;
  count++, last = s;
  info = *i;
}
static void set(int s, void (*f)(int), int flags) {
  struct sigaction a = {0};
  a.sa_handler = f;
  a.sa_flags = flags;
  SHOW(sigaction(s, &a, NULL));
}
static void set_info(int s, int flags) {
  struct sigaction a = {0};
  a.sa_sigaction = note_info;
  a.sa_flags = flags | SA_SIGINFO;
  sigaction(s, &a, NULL);
}
static void actions(void) {
  struct sigaction a;
  set(SIGUSR1, note, SA_RESTART);
  sigaction(SIGUSR1, NULL, &a);
  printf("%d %d\n", a.sa_handler == note, (a.sa_flags & SA_RESTART) != 0);
  SHOW(sigaction(SIGKILL, &a, NULL));
  SHOW(sigaction(SIGKILL, NULL, &a));
  SHOW(syscall(SYS_rt_sigaction, 65, NULL, NULL, 8));
  SHOW(syscall(SYS_rt_sigaction, 10, NULL, NULL, 4));
  SHOW(raise(SIGUSR1));
  SHOW(count);
  set(SIGUSR2, SIG_IGN, 0);
  SHOW(raise(SIGUSR2));
  SHOW(kill(getpid(), 0));
  SHOW(kill(getpid(), 99));
  SHOW(kill(0x7fffffff, 1));
}
static void masks(void) {
  sigset_t s, o;
  set(SIGUSR1, note, 0);
  sigemptyset(&s);
  sigaddset(&s, SIGUSR1);
  sigaddset(&s, SIGKILL);
  SHOW(sigprocmask(SIG_BLOCK, &s, NULL));
  raise(SIGUSR1);
  raise(SIGUSR1);
  SHOW(count);
  sigpending(&o);
  SHOW(sigismember(&o, SIGUSR1));
  sigprocmask(SIG_SETMASK, NULL, &o);
  SHOW(sigismember(&o, SIGKILL));
  SHOW(sigprocmask(SIG_UNBLOCK, &s, NULL));
  SHOW(count);
  SHOW(sigprocmask(7, &s, NULL));
  SHOW(sigprocmask(7, NULL, NULL));
}
static void queued(void) {
  sigset_t s;
  set_info(SIGRTMIN, 0);
  sigemptyset(&s);
  sigaddset(&s, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &s, NULL);
  for (int i = 1; i <= 3; i++) sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i * 11});
  siginfo_t i;
  SHOW(sigwaitinfo(&s, &i) == SIGRTMIN);
  printf("%d %d\n", i.si_value.sival_int, i.si_code);
  SHOW(sigprocmask(SIG_UNBLOCK, &s, NULL));
  SHOW(count);
  SHOW(info.si_value.sival_int);
  sigprocmask(SIG_BLOCK, &s, NULL);
  struct timespec t = {0, 1000};
  SHOW(sigtimedwait(&s, &i, &t));
}
static void frame_context(int s, siginfo_t *i, void *v) {
  ucontext_t *c = v;
  (void)s, (void)i;
  printf("stack %s, mask %d, rsp %ld\n", c->uc_stack.ss_flags & SS_DISABLE ? "off" : "on", sigismember(&c->uc_sigmask, SIGUSR2),
         ((long)__builtin_frame_address(0) + 16 - 8) & 15);
  c->uc_mcontext.gregs[REG_RAX] = 4711;
}
static void frames(void) {
  struct sigaction a = {0};
  a.sa_sigaction = frame_context;
  a.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGUSR1, &a, NULL);
  stack_t st = {malloc(65536), 0, 65536}, o;
  SHOW(sigaltstack(&st, NULL));
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1) : "rcx", "r11", "memory");
  SHOW(r);
  sigaltstack(NULL, &o);
  printf("%d %ld\n", o.ss_flags, (long)o.ss_size);
  st.ss_size = 100;
  SHOW(sigaltstack(&st, NULL));
  st.ss_flags = 77;
  SHOW(sigaltstack(&st, NULL));
  double d = 1.5;
  __asm__ volatile("movsd %1, %%xmm7\n mov %2, %%eax\n syscall\n movsd %%xmm7, %0" : "=m"(d) : "m"(d), "i"(SYS_getpid) : "rax", "rcx", "r11", "xmm7");
  printf("%g\n", d);
}
static jmp_buf back;
static void fault(int s, siginfo_t *i, void *v) {
  (void)v;
  printf("%d %d %s\n", s, i->si_code, i->si_addr == NULL ? "null" : i->si_addr == (void *)0x1234 ? "0x1234" : "some");
  siglongjmp(back, 1);
}
static void faults(void) {
  struct sigaction a = {0};
  a.sa_sigaction = fault;
  a.sa_flags = SA_SIGINFO;
  for (int s = 1; s < 32; s++) sigaction(s, &a, NULL);
  if (!sigsetjmp(back, 1)) *(volatile char *)0 = 1;
  if (!sigsetjmp(back, 1)) (void)*(volatile char *)0x1234;
  if (!sigsetjmp(back, 1)) __asm__ volatile("ud2");
  if (!sigsetjmp(back, 1)) __asm__ volatile("xor %%ecx, %%ecx; div %%ecx" ::: "rax", "rcx", "rdx");
  if (!sigsetjmp(back, 1)) __asm__ volatile("int3");
  if (!sigsetjmp(back, 1)) __asm__ volatile("hlt");
  if (!sigsetjmp(back, 1)) (void)*(volatile char *)0x8000000000000000;
  char *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!sigsetjmp(back, 1)) *(volatile char *)ro = 1;
  if (!sigsetjmp(back, 1)) ((void (*)(void))ro)();
}
static void restarts(void) {
  int p[2];
  char b;
  pipe(p);
  set(SIGALRM, note, 0);
  struct itimerval t = {{0, 50000}, {0, 50000}};
  setitimer(ITIMER_REAL, &t, NULL);
  SHOW(read(p[0], &b, 1));
  struct timespec r = {10, 0}, rem = {0};
  SHOW(nanosleep(&r, &rem));
  SHOW(rem.tv_sec);
  SHOW(poll(NULL, 0, 1000));
  SHOW(pause());
  sigset_t none;
  sigemptyset(&none);
  SHOW(sigsuspend(&none));
  SHOW(select(0, NULL, NULL, NULL, NULL));
  int e = epoll_create1(0);
  struct epoll_event v;
  SHOW(epoll_wait(e, &v, 1, -1));
  SHOW(count >= 7);
}
static void sigpipe(void) {
  int p[2];
  pipe(p);
  close(p[0]);
  set(SIGPIPE, note, 0);
  SHOW(write(p[1], "x", 1));
  SHOW(last);
  set(SIGPIPE, SIG_IGN, 0);
  SHOW(write(p[1], "x", 1));
  set(SIGPIPE, SIG_DFL, 0);
  write(p[1], "x", 1);
  puts("not reached");
}
static void once(void) {
  set_info(SIGUSR1, SA_RESETHAND | SA_NODEFER);
  raise(SIGUSR1);
  SHOW(info.si_code);
  SHOW(info.si_pid == getpid());
  kill(getpid(), SIGUSR1);
  puts("not reached");
}
static void depth(int s) {
  sigset_t m;
  sigprocmask(SIG_SETMASK, NULL, &m);
  printf("in %d: usr1 %d usr2 %d\n", s, sigismember(&m, SIGUSR1), sigismember(&m, SIGUSR2));
  if (s == SIGUSR1) raise(SIGUSR2);
  printf("out %d\n", s);
}
static void nesting(void) {
  struct sigaction a = {0};
  a.sa_handler = depth;
  sigaction(SIGUSR2, &a, NULL);
  sigaction(SIGUSR1, &a, NULL);
  raise(SIGUSR1);
  sigaddset(&a.sa_mask, SIGUSR2);
  sigaction(SIGUSR1, &a, NULL);
  raise(SIGUSR1);
}

const struct test signal_tests[] = {{"actions", actions}, {"masks", masks}, {"queued", queued}, {"frames", frames}, {"faults", faults},
  {"restarts", restarts}, {"sigpipe", sigpipe}, {"once", once}, {"nesting", nesting}, {0}};
