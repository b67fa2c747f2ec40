#include "calls.h"

static void eventfds(void) {
  uint64_t v = 5;
  SHOW(eventfd(3, EFD_NONBLOCK));
  SHOW(read(3, &v, 8));
  SHOW(v);
  SHOW(read(3, &v, 8));
  SHOW(read(3, &v, 4));
  v = 7;
  SHOW(write(3, &v, 8));
  SHOW(write(3, &v, 8));
  v = 0xfffffffffffffffe;
  SHOW(write(3, &v, 8));
  v = -1;
  SHOW(write(3, &v, 8));
  SHOW(read(3, &v, 8));
  SHOW(v);
  SHOW(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
  SHOW(read(4, &v, 8));
  SHOW(v);
  SHOW(read(4, &v, 8));
  SHOW(read(4, &v, 8));
  SHOW(eventfd(0, 99));
  SHOW(lseek(3, 0, SEEK_CUR));
}
static void polls(void) {
  int p[2];
  pipe(p);
  struct pollfd f[] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}, {99, POLLIN, 0}, {-1, POLLIN, 9}};
  SHOW(poll(f, 4, 0));
  printf("%x %x %x %x\n", f[0].revents, f[1].revents, f[2].revents, f[3].revents);
  write(p[1], "x", 1);
  SHOW(poll(f, 2, -1));
  printf("%x %x\n", f[0].revents, f[1].revents);
  close(p[1]);
  SHOW(poll(f, 1, 0));
  printf("%x\n", f[0].revents);
  char b;
  read(p[0], &b, 1);
  SHOW(poll(f, 1, 0));
  printf("%x\n", f[0].revents);
  pipe(p);
  close(p[0] == 3 ? 3 : p[0]);
  f[0].fd = p[1], f[0].events = POLLOUT;
  SHOW(poll(f, 1, 0));
  printf("%x\n", f[0].revents);
  struct timespec t = {0, 1000};
  f[0].fd = -1;
  SHOW(ppoll(f, 1, &t, NULL));
}
static void selects(void) {
  int p[2];
  pipe(p);
  fd_set r, w;
  FD_ZERO(&r);
  FD_ZERO(&w);
  FD_SET(p[0], &r);
  FD_SET(p[1], &w);
  struct timeval t = {0, 0};
  SHOW(select(p[1] + 1, &r, &w, NULL, &t));
  printf("%d %d\n", FD_ISSET(p[0], &r) != 0, FD_ISSET(p[1], &w) != 0);
  FD_SET(p[0], &r);
  SHOW(select(p[0] + 1, &r, NULL, NULL, &t));
  FD_SET(63, &r);
  SHOW(select(64, &r, NULL, NULL, &t));
  SHOW(select(-1, NULL, NULL, NULL, &t));
  t.tv_sec = -1;
  SHOW(select(0, NULL, NULL, NULL, &t));
}
static void epolls(void) {
  int e = epoll_create1(0), p[2];
  struct epoll_event v = {EPOLLIN, {.u32 = 7}}, got[4];
  pipe(p);
  SHOW(epoll_create(0));
  SHOW(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &v));
  SHOW(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &v));
  SHOW(epoll_ctl(e, EPOLL_CTL_ADD, e, &v));
  SHOW(epoll_ctl(e, EPOLL_CTL_ADD, open(".", O_RDONLY), &v));
  SHOW(epoll_ctl(e, EPOLL_CTL_MOD, p[1], &v));
  SHOW(epoll_ctl(e, EPOLL_CTL_DEL, p[1], NULL));
  SHOW(epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &v));
  SHOW(epoll_wait(e, got, 4, 0));
  write(p[1], "ab", 2);
  SHOW(epoll_wait(e, got, 4, -1));
  printf("%x %u\n", got[0].events, got[0].data.u32);
  SHOW(epoll_wait(e, got, 4, 0));
  v.events = EPOLLIN | EPOLLET;
  SHOW(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &v));
  SHOW(epoll_wait(e, got, 4, 0));
  SHOW(epoll_wait(e, got, 4, 0));
  write(p[1], "c", 1);
  SHOW(epoll_wait(e, got, 4, 0));
  SHOW(epoll_wait(e, got, 4, 0));
  v.events = EPOLLIN | EPOLLONESHOT;
  SHOW(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &v));
  SHOW(epoll_wait(e, got, 4, 0));
  write(p[1], "d", 1);
  SHOW(epoll_wait(e, got, 4, 0));
  SHOW(epoll_wait(e, got, 0, 0));
  close(p[1]);
  v.events = 0;
  epoll_ctl(e, EPOLL_CTL_MOD, p[0], &v);
  SHOW(epoll_wait(e, got, 4, 0));
  printf("%x\n", got[0].events);
  close(p[0]);
  SHOW(epoll_wait(e, got, 4, 10));
}
static void timerfds(void) {
  int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  uint64_t v;
  SHOW(read(t, &v, 8));
  struct itimerspec s = {{0, 1000000}, {0, 1000000}}, o;
  SHOW(timerfd_settime(t, 0, &s, NULL));
  struct pollfd f = {t, POLLIN, 0};
  SHOW(poll(&f, 1, 1000));
  SHOW(read(t, &v, 8));
  SHOW(v >= 1);
  memset(&s, 0, sizeof s);
  SHOW(timerfd_settime(t, 0, &s, &o));
  SHOW(o.it_interval.tv_nsec);
  SHOW(poll(&f, 1, 5));
  SHOW(timerfd_create(99, 0));
  s.it_value.tv_nsec = 1000000000;
  SHOW(timerfd_settime(t, 0, &s, NULL));
  int e = epoll_create1(0);
  struct epoll_event v2 = {EPOLLIN, {.fd = t}}, got;
  epoll_ctl(e, EPOLL_CTL_ADD, t, &v2);
  s.it_value.tv_nsec = 2000000;
  timerfd_settime(t, 0, &s, NULL);
  SHOW(epoll_wait(e, &got, 1, 1000));
  SHOW(read(t, &v, 8));
  SHOW(v);
}
static void signalfds(void) {
  sigset_t s;
  sigemptyset(&s);
  sigaddset(&s, SIGUSR1);
  sigaddset(&s, SIGUSR2);
  sigprocmask(SIG_BLOCK, &s, NULL);
  int fd = signalfd(-1, &s, SFD_NONBLOCK);
  struct signalfd_siginfo i[3];
  SHOW(read(fd, i, sizeof i));
  kill(getpid(), SIGUSR2);
  sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 9});
  struct pollfd f = {fd, POLLIN, 0};
  SHOW(poll(&f, 1, -1));
  SHOW(read(fd, i, sizeof i));
  printf("%d %d %d %d\n", i[0].ssi_signo, i[0].ssi_code, i[0].ssi_int, i[0].ssi_pid == (unsigned)getpid());
  printf("%d %d\n", i[1].ssi_signo, i[1].ssi_code);
  SHOW(read(fd, i, 10));
  SHOW(signalfd(1, &s, 0));
}

const struct test event_tests[] = {{"eventfd", eventfds}, {"poll", polls}, {"select", selects}, {"epoll", epolls}, {"timerfd", timerfds}, {"signalfd", signalfds}, {0}};
