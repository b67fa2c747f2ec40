/*
 * Judge of the pipe tests: random writes and reads on a non-blocking pipe, with what poll(2) and FIONREAD say after each.
 *   gcc -O1 -w -o pipe-ops pipe-ops.c && ./pipe-ops > pipe-ops.golden
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <signal.h>
const char *strerrorname_np(int);
static char buffer[1 << 20];
static unsigned seed = 1;
static unsigned below(unsigned n) { seed = seed * 1103515245 + 12345; return (seed >> 8) % n; }
static const int sizes[] = {0, 1, 2, 100, 1000, 4000, 4095, 4096, 4097, 5000, 8191, 8192, 12000, 40000, 65536, 70000};
int main(void) {
  signal(SIGPIPE, SIG_IGN);
  for (int round = 0; round < 12; round++) {
    int p[2];
    int flags = round % 4 == 3 ? O_DIRECT : 0;
    pipe2(p, O_NONBLOCK | flags);
    printf("new %d\n", flags);
    int steps = 60;
    while (steps-- > 0) {
      int op = below(round % 2 ? 5 : 2), n = sizes[below(16)];
      if (op == 4) {
        int size = 4096 << below(6);
        long r = fcntl(p[1], F_SETPIPE_SZ, size);
        printf("size %d => %s %ld", size, r < 0 ? strerrorname_np(errno) : "ok", r < 0 ? 0 : r);
      } else if (op & 1) {
        long r = read(p[0], buffer, n);
        printf("r %d => ", n);
        if (r < 0) printf("%s", strerrorname_np(errno)); else printf("%ld", r);
      } else {
        long r = write(p[1], buffer, n);
        printf("w %d => ", n);
        if (r < 0) printf("%s", strerrorname_np(errno)); else printf("%ld", r);
      }
      struct pollfd f[2] = {{p[0], 0x3fff}, {p[1], 0x3fff}};
      poll(f, 2, 0);
      int queued;
      ioctl(p[0], FIONREAD, &queued);
      printf(" poll %x %x queued %d\n", f[0].revents, f[1].revents, queued);
    }
    struct pollfd f = {p[round & 1], 0x3fff};
    close(p[!(round & 1)]);
    poll(&f, 1, 0);
    long r = round & 1 ? write(p[1], buffer, 1) : read(p[0], buffer, sizeof buffer);
    printf("close %s => poll %x then %s %ld\n", round & 1 ? "r" : "w", f.revents, r < 0 ? strerrorname_np(errno) : "ok", r < 0 ? 0 : r);
    close(p[round & 1]);
  }
}
