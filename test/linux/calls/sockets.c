#include "calls.h"

static int s[2];
static char b[70000];
static volatile int signals;
static void note(int n) { (void)n, signals++; }
static void pair(int type) { socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s); }
static void events(int fd) {
  struct pollfd p = {fd, 0x3fff, 0};
  int n = poll(&p, 1, 0);
  printf("poll = %d, %x\n", n, p.revents);
}

TEST(socketpair_refuses) {
  SHOW(socketpair(AF_INET, SOCK_STREAM, 0, s));
  SHOW(socketpair(99, SOCK_STREAM, 0, s));
  SHOW(socketpair(AF_UNIX, 7, 0, s));
  SHOW(socketpair(AF_UNIX, 77, 0, s));
  SHOW(socketpair(AF_UNIX, SOCK_STREAM, 5, s));
  SHOW(socketpair(AF_UNIX, SOCK_STREAM | 0x40, 0, s));
  SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8));
  SHOW(dup(0));
}
TEST(socketpair_flags) {
  SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s));
  printf("%d %d\n", s[0], s[1]);
  SHOW(fcntl(s[0], F_GETFD));
  printf("%o\n", fcntl(s[1], F_GETFL));
  pair(SOCK_STREAM);
  SHOW(fcntl(s[0], F_GETFD));
  printf("%o\n", fcntl(s[1], F_GETFL));
  struct stat st;
  fstat(s[0], &st);
  printf("%o %ld %ld %ld\n", st.st_mode, (long)st.st_nlink, (long)st.st_size, (long)st.st_blksize);
  SHOW(lseek(s[0], 0, SEEK_SET));
  SHOW(pread(s[0], b, 1, 0));
  SHOW(ftruncate(s[0], 0));
  SHOW(fsync(s[0]));
}
TEST(stream_joins_writes) {
  pair(SOCK_STREAM);
  SHOW(write(s[0], "abc", 3));
  SHOW(write(s[0], "defg", 4));
  SHOW(read(s[1], b, 5));
  SHOW(read(s[1], b + 5, 9));
  puts(b);
  SHOW(read(s[1], b, 9));
  SHOW(read(s[1], b, 0));
}
TEST(stream_both_ways) {
  pair(SOCK_STREAM);
  SHOW(write(s[0], "ping", 4));
  SHOW(write(s[1], "pong!", 5));
  SHOW(read(s[0], b, 9));
  SHOW(read(s[1], b, 9));
}
TEST(stream_end) {
  signal(SIGPIPE, note);
  pair(SOCK_STREAM);
  write(s[1], "rest", 4);
  close(s[1]);
  events(s[0]);
  SHOW(read(s[0], b, 9));
  SHOW(read(s[0], b, 9));
  SHOW(write(s[0], "x", 1));
  SHOW(signals);
  events(s[0]);
}
TEST(stream_reset) {
  pair(SOCK_STREAM);
  write(s[0], "unread", 6);
  close(s[1]);
  events(s[0]);
  SHOW(read(s[0], b, 9));
  SHOW(read(s[0], b, 9));
}
TEST(stream_pipe_signal_kills) {
  pair(SOCK_STREAM);
  close(s[1]);
  SHOW(send(s[0], "x", 1, MSG_NOSIGNAL));
  write(s[0], "x", 1);
  puts("not reached");
}
TEST(stream_full) {
  pair(SOCK_STREAM);
  long n = 0, r;
  while ((r = write(s[0], b, 1)) > 0) n += r;
  SHOW(r);
  SHOW(n);
  events(s[0]);
  n = 0;
  struct pollfd p = {s[0], POLLOUT, 0};
  while (poll(&p, 1, 0) == 0) n += read(s[1], b, 1);
  SHOW(n);
}
TEST(stream_full_pages) {
  pair(SOCK_STREAM);
  long n = 0, r;
  while ((r = write(s[0], b, 4096)) > 0) n += r;
  SHOW(n);
  pair(SOCK_STREAM);
  for (n = 0; (r = write(s[0], b, 70000)) > 0;) n += r;
  SHOW(n);
}
TEST(stream_shutdown_write) {
  signal(SIGPIPE, note);
  pair(SOCK_STREAM);
  write(s[0], "last", 4);
  SHOW(shutdown(s[0], SHUT_WR));
  events(s[0]);
  events(s[1]);
  SHOW(write(s[0], "x", 1));
  SHOW(signals);
  SHOW(read(s[1], b, 9));
  SHOW(read(s[1], b, 9));
  SHOW(write(s[1], "back", 4));
  SHOW(read(s[0], b, 9));
}
TEST(stream_shutdown_read) {
  signal(SIGPIPE, SIG_IGN);
  pair(SOCK_STREAM);
  write(s[1], "early", 5);
  SHOW(shutdown(s[0], SHUT_RD));
  SHOW(read(s[0], b, 9));
  SHOW(read(s[0], b, 9));
  SHOW(write(s[1], "late", 4));
  SHOW(shutdown(s[0], SHUT_RDWR));
  events(s[0]);
  SHOW(shutdown(s[0], 3));
  SHOW(shutdown(0, SHUT_RD));
}
TEST(stream_vectors) {
  pair(SOCK_STREAM);
  struct iovec v[] = {{"ab", 2}, {"cde", 3}}, w[] = {{b, 1}, {b + 1, 9}};
  SHOW(writev(s[0], v, 2));
  SHOW(readv(s[1], w, 2));
  puts(b);
}
TEST(stream_peek) {
  pair(SOCK_STREAM);
  write(s[0], "abc", 3);
  write(s[0], "def", 3);
  SHOW(recv(s[1], b, 5, MSG_PEEK));
  puts(b);
  SHOW(recv(s[1], b, 9, 0));
  SHOW(recv(s[1], b, 9, MSG_PEEK));
}
TEST(stream_waits_for_all) {
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  write(s[0], "abc", 3);
  write(s[0], "def", 3);
  SHOW(recv(s[1], b, 6, MSG_WAITALL));
  write(s[0], "xy", 2);
  SHOW(recv(s[1], b, 6, MSG_WAITALL | MSG_DONTWAIT));
  write(s[0], "z", 1);
  close(s[0]);
  SHOW(recv(s[1], b, 6, MSG_WAITALL));
}
TEST(stream_times_out) {
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  struct timeval t = {0, 20000}, got = {9, 9};
  socklen_t l = sizeof got;
  SHOW(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
  SHOW(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &got, &l));
  printf("%ld %ld %d\n", (long)got.tv_sec, (long)got.tv_usec, l);
  SHOW(read(s[0], b, 1));
  t.tv_usec = 1000000;
  SHOW(setsockopt(s[0], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t));
}
TEST(datagrams_keep_boundaries) {
  pair(SOCK_DGRAM);
  SHOW(write(s[0], "one", 3));
  SHOW(write(s[0], "", 0));
  SHOW(write(s[0], "three", 5));
  SHOW(read(s[1], b, 99));
  SHOW(read(s[1], b, 99));
  SHOW(read(s[1], b, 2));
  SHOW(read(s[1], b, 99));
}
TEST(datagram_truncated) {
  pair(SOCK_DGRAM);
  write(s[0], "hello", 5);
  SHOW(recv(s[1], b, 2, MSG_TRUNC | MSG_PEEK));
  struct iovec v[] = {{b, 1}, {b + 1, 2}};
  struct msghdr m = {0};
  m.msg_iov = v, m.msg_iovlen = 2;
  SHOW(recvmsg(s[1], &m, 0));
  printf("%.3s %x\n", b, m.msg_flags);
}
TEST(datagram_of_vectors) {
  pair(SOCK_DGRAM);
  struct iovec v[] = {{"ab", 2}, {"cde", 3}};
  SHOW(writev(s[0], v, 2));
  struct iovec w[] = {{b, 1}, {b + 8, 9}};
  SHOW(readv(s[1], w, 2));
  printf("%.1s %.4s\n", b, b + 8);
}
TEST(datagram_too_long) {
  pair(SOCK_DGRAM);
  static char big[212961];
  SHOW(write(s[0], big, 212961));
  SHOW(write(s[0], big, 212960));
  int n;
  SHOW(ioctl(s[1], FIONREAD, &n));
  SHOW(n);
}
TEST(datagram_peer_gone) {
  signal(SIGPIPE, note);
  pair(SOCK_DGRAM);
  write(s[1], "lost", 4);
  close(s[1]);
  events(s[0]);
  SHOW(write(s[0], "x", 1));
  SHOW(write(s[0], "x", 1));
  SHOW(read(s[0], b, 9));
  SHOW(signals);
}
TEST(datagram_shutdown) {
  signal(SIGPIPE, note);
  pair(SOCK_DGRAM);
  SHOW(shutdown(s[0], SHUT_WR));
  SHOW(write(s[0], "x", 1));
  SHOW(write(s[1], "y", 1));
  SHOW(read(s[0], b, 9));
  SHOW(shutdown(s[0], SHUT_RD));
  events(s[0]);
  SHOW(write(s[1], "y", 1));
  SHOW(read(s[0], b, 9));
  SHOW(signals);
}
TEST(datagrams_fill) {
  pair(SOCK_DGRAM);
  int n = 0;
  while (write(s[0], b, 4096) > 0) n++;
  SHOW(n);
  SHOW(send(s[0], b, 1, MSG_DONTWAIT));
  SHOW(read(s[1], b, 1));
  SHOW(send(s[0], b, 1, MSG_DONTWAIT));
}
TEST(packets_end) {
  signal(SIGPIPE, note);
  pair(SOCK_SEQPACKET);
  write(s[1], "one", 3);
  write(s[1], "two", 3);
  close(s[1]);
  events(s[0]);
  SHOW(read(s[0], b, 2));
  SHOW(read(s[0], b, 9));
  SHOW(read(s[0], b, 9));
  SHOW(write(s[0], "x", 1));
  SHOW(signals);
}
TEST(socket_names) {
  pair(SOCK_STREAM);
  struct sockaddr_un u;
  memset(&u, 9, sizeof u);
  socklen_t l = sizeof u;
  SHOW(getsockname(s[0], (void *)&u, &l));
  printf("%d %d\n", l, u.sun_family);
  l = 1;
  memset(&u, 9, sizeof u);
  SHOW(getpeername(s[0], (void *)&u, &l));
  printf("%d %x\n", l, u.sun_family);
  l = -1;
  SHOW(getsockname(s[0], (void *)&u, &l));
  SHOW(getsockname(0, (void *)&u, &l));
  SHOW(getsockname(99, (void *)&u, &l));
}
TEST(socket_options) {
  pair(SOCK_STREAM);
  int v = 7;
  socklen_t l = 4;
  SHOW(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &v, &l));
  printf("%d %d\n", v, l);
  SHOW(getsockopt(s[0], SOL_SOCKET, SO_ERROR, &v, &l));
  SHOW(v);
  SHOW(getsockopt(s[0], SOL_SOCKET, SO_DOMAIN, &v, &l));
  SHOW(v);
  SHOW(getsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &v, &l));
  SHOW(v);
  v = 1;
  SHOW(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &v, 4));
  SHOW(getsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &v, &l));
  SHOW(v);
  SHOW(setsockopt(s[0], SOL_SOCKET, SO_KEEPALIVE, &v, 4));
  SHOW(getsockopt(s[0], SOL_SOCKET, SO_KEEPALIVE, &v, &l));
  SHOW(v);
  SHOW(setsockopt(s[0], SOL_SOCKET, SO_TYPE, &v, 4));
  SHOW(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &v, 3));
  SHOW(setsockopt(s[0], 6, 1, &v, 4));
}
TEST(socket_credentials) {
  pair(SOCK_STREAM);
  struct { int pid, uid, gid; } c;
  socklen_t l = sizeof c;
  SHOW(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &c, &l));
  printf("%d %d %d\n", c.pid == getpid(), c.uid == (int)getuid(), c.gid == (int)getgid());
  int on = 1;
  SHOW(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, 4));
  write(s[0], "x", 1);
  char control[64];
  struct iovec v = {b, 9};
  struct msghdr m = {0};
  m.msg_iov = &v, m.msg_iovlen = 1, m.msg_control = control, m.msg_controllen = sizeof control;
  SHOW(recvmsg(s[1], &m, 0));
  struct cmsghdr *h = CMSG_FIRSTHDR(&m);
  printf("%d %d %d\n", (int)m.msg_controllen, h->cmsg_type, (int)h->cmsg_len);
  memcpy(&c, CMSG_DATA(h), sizeof c);
  SHOW(c.pid == getpid());
}
static void send_fd(int fd) {
  char control[CMSG_SPACE(4)] = {0};
  struct iovec v = {"f", 1};
  struct msghdr m = {0};
  m.msg_iov = &v, m.msg_iovlen = 1, m.msg_control = control, m.msg_controllen = sizeof control;
  struct cmsghdr *h = CMSG_FIRSTHDR(&m);
  h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(4);
  memcpy(CMSG_DATA(h), &fd, 4);
  SHOW(sendmsg(s[0], &m, 0));
}
TEST(descriptors_are_passed) {
  pair(SOCK_STREAM);
  put("f", "content");
  int fd = open("f", O_RDONLY);
  send_fd(fd);
  send_fd(99);
  close(fd);
  char control[64];
  struct iovec v = {b, 9};
  struct msghdr m = {0};
  m.msg_iov = &v, m.msg_iovlen = 1, m.msg_control = control, m.msg_controllen = sizeof control;
  SHOW(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC));
  printf("%d %x\n", (int)m.msg_controllen, m.msg_flags & ~MSG_CMSG_CLOEXEC);
  struct cmsghdr *h = CMSG_FIRSTHDR(&m);
  memcpy(&fd, CMSG_DATA(h), 4);
  SHOW(fd);
  SHOW(fcntl(fd, F_GETFD));
  SHOW(read(fd, b, 9));
}
TEST(descriptors_without_room) {
  pair(SOCK_STREAM);
  send_fd(0);
  struct iovec v = {b, 9};
  struct msghdr m = {0};
  m.msg_iov = &v, m.msg_iovlen = 1;
  SHOW(recvmsg(s[1], &m, 0));
  printf("%d %x\n", (int)m.msg_controllen, m.msg_flags);
  SHOW(dup(0));
}
TEST(message_errors) {
  pair(SOCK_STREAM);
  struct msghdr m = {0};
  m.msg_iovlen = 2000;
  SHOW(recvmsg(s[0], &m, 0));
  m.msg_iovlen = 1, m.msg_iov = (void *)8;
  SHOW(sendmsg(s[0], &m, 0));
  SHOW(recv(s[0], b, 9, 0));
  SHOW(recv(0, b, 9, 0));
  SHOW(sendto(s[0], "x", 1, 0, (void *)b, 9));
  SHOW(send(s[0], (void *)8, 1, 0));
  write(s[0], "x", 1);
  SHOW(recv(s[1], (void *)8, 1, 0));
  SHOW(recv(s[1], b, 9, 0));
}
TEST(socket_edges) {
  pair(SOCK_STREAM);
  int e = epoll_create1(0);
  struct epoll_event v = {EPOLLIN | EPOLLET | EPOLLRDHUP, {.u32 = 1}}, got[2];
  SHOW(epoll_ctl(e, EPOLL_CTL_ADD, s[1], &v));
  SHOW(epoll_wait(e, got, 2, 0));
  write(s[0], "a", 1);
  SHOW(epoll_wait(e, got, 2, 0));
  printf("%x\n", got[0].events);
  SHOW(epoll_wait(e, got, 2, 0));
  write(s[0], "b", 1);
  SHOW(epoll_wait(e, got, 2, 0));
  close(s[0]);
  SHOW(epoll_wait(e, got, 2, 0));
  printf("%x\n", got[0].events);
}
