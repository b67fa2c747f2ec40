/* Tests of system calls: each prints what it sees, natively and in tsvm alike. Run as `calls NAME`; without a name: all names. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
static inline int renameat2(int a, const char *b, int c, const char *d, unsigned f) { return syscall(SYS_renameat2, a, b, c, d, f); }
#endif
/* The head of struct statx. */
struct statx_head { uint32_t mask, blksize; uint64_t attributes; uint32_t nlink, uid, gid; uint16_t mode, spare; uint64_t ino, size; char rest[256]; };

struct test { const char *name; void (*run)(void); };
extern const struct test file_tests[], signal_tests[], time_tests[], event_tests[], memory_tests[], process_tests[];

/* A test of its own file: one behaviour, named after it. */
#define TEST(id)                                                                                                    \
  static void id(void);                                                                                             \
  static const struct test entry_##id __attribute__((used, section("tests"), aligned(sizeof(void *)))) = {#id, id}; \
  static void id(void)
extern const struct test __start_tests[], __stop_tests[];

/* Makes a file of a text. */
static inline void put(const char *name, const char *text) {
  int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (write(fd, text, strlen(text)) < 0) perror(name);
  close(fd);
}
/* Prints what a file contains. */
static inline void get(const char *name) {
  char b[257] = "";
  int fd = open(name, O_RDONLY);
  long n = read(fd, b, 256);
  close(fd);
  if (n < 0) printf("%s: %s\n", name, strerror(errno));
  else printf("%s: \"%s\"\n", name, b);
}

/* Prints an expression and its value, or the error it failed with. */
#define SHOW(call) show(#call, (long)(call))
static inline long show(const char *what, long value) {
  if (value == -1) printf("%s = -1 %s\n", what, strerror(errno));
  else printf("%s = %ld\n", what, value);
  return value;
}
/* Success or error only, where the value differs from run to run. */
#define OK(call) printf("%s %s\n", #call, (long)(call) == -1 ? strerror(errno) : "ok")
