#include "calls.h"

static void open_flags(void) {
  SHOW(open("none", O_RDONLY));
  SHOW(open("f", O_CREAT | O_EXCL | O_RDWR, 0640));
  SHOW(open("f", O_CREAT | O_EXCL, 0600));
  SHOW(open("f/x", O_RDONLY));
  SHOW(open(".", O_WRONLY));
  SHOW(open(".", O_DIRECTORY));
  SHOW(open("f", O_DIRECTORY));
  SHOW(open("", O_RDONLY));
  SHOW(open("d/", O_CREAT | O_RDWR, 0600));
  SHOW(symlink("f", "l"));
  SHOW(open("l", O_NOFOLLOW));
  SHOW(open("l", O_PATH | O_NOFOLLOW));
  SHOW(fcntl(3, F_GETFL) & O_ACCMODE);
  SHOW(syscall(SYS_open, (char *)8, 0));
  char name[300];
  memset(name, 'n', 299);
  name[299] = 0;
  SHOW(open(name, O_CREAT, 0600));
}
static void seek(void) {
  int fd = open("s", O_CREAT | O_RDWR | O_TRUNC, 0600);
  SHOW(write(fd, "0123456789", 10));
  SHOW(lseek(fd, -3, SEEK_END));
  char b[8] = "";
  SHOW(read(fd, b, 8));
  puts(b);
  SHOW(lseek(fd, -1, SEEK_SET));
  SHOW(lseek(fd, 5, 99));
  SHOW(lseek(fd, 100000, SEEK_SET));
  SHOW(write(fd, "x", 1));
  struct stat st;
  fstat(fd, &st);
  SHOW(st.st_size);
  SHOW(pread(fd, b, 8, 99998));
  SHOW(pread(fd, b, 8, -1));
  SHOW(pwrite(fd, "AB", 2, 3));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(pread(fd, b, 5, 2));
  printf("%.5s\n", b);
}
static void append(void) {
  int fd = open("a", O_CREAT | O_WRONLY | O_APPEND | O_TRUNC, 0600), other = open("a", O_RDWR);
  SHOW(write(fd, "one", 3));
  SHOW(write(other, "ONE two", 7));
  SHOW(write(fd, "three", 5));
  SHOW(lseek(fd, 0, SEEK_CUR));
  char b[32] = "";
  SHOW(pread(other, b, 31, 0));
  puts(b);
  SHOW(pwrite(fd, "!", 1, 0));
  SHOW(lseek(other, 0, SEEK_END));
  SHOW(read(fd, b, 1));
}
static void vectors(void) {
  int fd = open("v", O_CREAT | O_RDWR | O_TRUNC, 0600);
  struct iovec out[] = {{"abc", 3}, {NULL, 0}, {"defgh", 5}};
  SHOW(writev(fd, out, 3));
  char x[3] = "", y[10] = "";
  struct iovec in[] = {{x, 2}, {y, 9}};
  SHOW(preadv(fd, in, 2, 1));
  printf("%.2s %s\n", x, y);
  SHOW(writev(fd, out, -1));
  SHOW(writev(fd, out, 0));
  SHOW(readv(fd, in, 1025));
  struct iovec bad[] = {{"ok", 2}, {(void *)8, 2}};
  SHOW(writev(fd, bad, 2));
  SHOW(pwritev(fd, out, 3, 20));
  struct stat st;
  fstat(fd, &st);
  SHOW(st.st_size);
}
static void descriptors(void) {
  int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  SHOW(fcntl(fd, F_GETFD));
  SHOW(dup(fd));
  SHOW(fcntl(4, F_GETFD));
  SHOW(dup2(fd, 10));
  SHOW(dup2(fd, fd));
  SHOW(dup2(99, 10));
  SHOW(dup3(fd, fd, 0));
  SHOW(dup3(fd, 11, O_CLOEXEC));
  SHOW(fcntl(11, F_GETFD));
  SHOW(fcntl(fd, F_DUPFD, 7));
  SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 7));
  SHOW(fcntl(fd, F_DUPFD, -1));
  SHOW(close(4));
  SHOW(dup(fd));
  SHOW(close(77));
  SHOW(syscall(SYS_close_range, 7, 11, 0));
  SHOW(fcntl(10, F_GETFD));
  SHOW(fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND));
  printf("%o\n", fcntl(fd, F_GETFL) & 07777777);
  SHOW(fcntl(fd, 9999));
  struct rlimit r = {6, 6};
  setrlimit(RLIMIT_NOFILE, &r);
  SHOW(dup(fd));
  SHOW(dup(fd));
  SHOW(dup2(fd, 6));
}
static void names(void) {
  struct stat st;
  SHOW(mkdir("d", 0777));
  SHOW(mkdir("d", 0777));
  SHOW(mkdir("no/d", 0777));
  stat("d", &st);
  printf("%o %ld\n", st.st_mode, (long)st.st_nlink);
  close(open("d/f", O_CREAT | O_WRONLY, 0666));
  SHOW(link("d/f", "d/g"));
  SHOW(link("d", "e"));
  stat("d/g", &st);
  printf("%o %ld\n", st.st_mode, (long)st.st_nlink);
  SHOW(rmdir("d"));
  SHOW(rmdir("d/f"));
  SHOW(unlink("d"));
  SHOW(rename("d/f", "d/g"));
  SHOW(access("d/f", F_OK));
  SHOW(rename("d/f", "h"));
  SHOW(rename("d", "d/x"));
  SHOW(rename("h", "d"));
  SHOW(rename("none", "h"));
  SHOW(mkdir("e", 0700));
  SHOW(rename("e", "d"));
  SHOW(renameat2(AT_FDCWD, "h", AT_FDCWD, "d", RENAME_NOREPLACE));
  SHOW(renameat2(AT_FDCWD, "h", AT_FDCWD, "d", RENAME_EXCHANGE));
  SHOW(unlink("h"));
  SHOW(unlink("d"));
  SHOW(unlinkat(AT_FDCWD, "h", AT_REMOVEDIR));
  SHOW(rmdir("."));
  SHOW(rmdir("/"));
  SHOW(mkdir("d/", 0700));
  SHOW(rmdir("d/"));
}
static void links(void) {
  char b[64] = "";
  SHOW(symlink("target", "s"));
  SHOW(symlink("x", "s"));
  SHOW(readlink("s", b, 63));
  puts(b);
  SHOW(readlink("s", b, 3));
  SHOW(readlink("s", b, 0));
  SHOW(readlink(".", b, 63));
  SHOW(open("s", O_RDONLY));
  SHOW(open("s", O_CREAT | O_WRONLY, 0600));
  SHOW(access("target", F_OK));
  struct stat st;
  SHOW(lstat("s", &st));
  printf("%o %ld\n", st.st_mode, (long)st.st_size);
  symlink("loop2", "loop1");
  symlink("loop1", "loop2");
  SHOW(open("loop1", O_RDONLY));
  SHOW(symlink("", "e"));
  SHOW(unlink("s"));
  SHOW(access("target", F_OK));
}
static void deleted(void) {
  int fd = open("gone", O_CREAT | O_RDWR, 0600);
  write(fd, "still", 5);
  SHOW(unlink("gone"));
  struct stat st;
  fstat(fd, &st);
  printf("%ld %ld\n", (long)st.st_nlink, (long)st.st_size);
  char b[8] = "";
  SHOW(pread(fd, b, 8, 0));
  puts(b);
  mkdir("dd", 0700);
  chdir("dd");
  SHOW(rmdir("../dd"));
  SHOW(getcwd(b, 8) ? 0 : -1);
  SHOW(open("x", O_CREAT, 0600));
}
static void truncation(void) {
  int fd = open("t", O_CREAT | O_RDWR | O_TRUNC, 0600);
  write(fd, "abcdef", 6);
  SHOW(ftruncate(fd, 3));
  SHOW(ftruncate(fd, 8));
  char b[10];
  SHOW(pread(fd, b, 10, 0));
  printf("%d %d %d\n", b[2], b[3], b[7]);
  SHOW(ftruncate(fd, -1));
  SHOW(truncate("t", 1));
  SHOW(truncate("none", 1));
  SHOW(truncate(".", 1));
  SHOW(ftruncate(open("t", O_RDONLY), 1));
  SHOW(posix_fallocate(fd, 0, 100));
  SHOW(lseek(fd, 0, SEEK_END));
}
static void modes(void) {
  struct stat st;
  umask(027);
  close(open("m", O_CREAT | O_WRONLY, 0666));
  stat("m", &st);
  printf("%o\n", st.st_mode);
  SHOW(chmod("m", 04755));
  stat("m", &st);
  printf("%o\n", st.st_mode);
  SHOW(umask(0));
  SHOW(access("m", R_OK | W_OK));
  SHOW(access("m", 9));
  SHOW(faccessat(AT_FDCWD, "m", X_OK, 0));
  chmod("m", 0600);
  SHOW(access("m", X_OK));
  struct timespec times[2] = {{1000, 5}, {2000, 7}};
  SHOW(utimensat(AT_FDCWD, "m", times, 0));
  stat("m", &st);
  printf("%ld %ld %ld %ld\n", st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_nsec = 1000000000;
  SHOW(utimensat(AT_FDCWD, "m", times, 0));
  SHOW(mknod("fifo", S_IFIFO | 0600, 0));
  stat("fifo", &st);
  printf("%o\n", st.st_mode);
}
static void pipes(void) {
  int p[2];
  char b[65537];
  SHOW(pipe2(p, O_NONBLOCK));
  int q[2];
  SHOW(pipe2(q, 12345));
  SHOW(read(3, b, 1));
  memset(b, 'x', sizeof b);
  SHOW(write(4, b, 65537));
  SHOW(write(4, b, 1));
  SHOW(read(3, b, 4095));
  SHOW(write(4, b, 1));
  SHOW(read(3, b, 1));
  SHOW(write(4, b, 4097));
  int n;
  SHOW(ioctl(3, FIONREAD, &n));
  SHOW(n);
  SHOW(lseek(3, 0, SEEK_SET));
  SHOW(write(3, b, 1));
  SHOW(read(4, b, 1));
  SHOW(fcntl(3, F_GETPIPE_SZ));
  SHOW(close(4));
  SHOW(read(3, b, 65537));
  SHOW(read(3, b, 65537));
  struct stat st;
  fstat(3, &st);
  printf("%o %ld\n", st.st_mode, (long)st.st_size);
}
static void listing(void) {
  mkdir("ls", 0700);
  close(open("ls/one", O_CREAT, 0600));
  mkdir("ls/two", 0700);
  symlink("x", "ls/three");
  int fd = open("ls", O_RDONLY | O_DIRECTORY);
  char b[1024];
  int n = syscall(SYS_getdents64, fd, b, sizeof b), count = 0;
  for (int at = 0; at < n; at += *(unsigned short *)(b + at + 16)) {
    count++;
    if (!strcmp(b + at + 19, "one")) printf("one is a file: %d\n", b[at + 18] == 8);
    if (!strcmp(b + at + 19, "two")) printf("two is a directory: %d\n", b[at + 18] == 4);
    if (!strcmp(b + at + 19, "three")) printf("three is a link: %d\n", b[at + 18] == 10);
  }
  SHOW(count);
  SHOW(syscall(SYS_getdents64, fd, b, sizeof b));
  SHOW(lseek(fd, 0, SEEK_SET));
  SHOW(syscall(SYS_getdents64, fd, b, 10));
  SHOW(syscall(SYS_getdents64, fd, b, sizeof b) == n);
  SHOW(read(fd, b, 1));
  SHOW(syscall(SYS_getdents64, 1, b, 100));
}
static void copies(void) {
  int in = open("c1", O_CREAT | O_RDWR | O_TRUNC, 0600), out = open("c2", O_CREAT | O_RDWR | O_TRUNC, 0600);
  write(in, "0123456789", 10);
  off_t at = 2;
  SHOW(sendfile(out, in, &at, 5));
  SHOW(at);
  SHOW(lseek(in, 0, SEEK_CUR));
  lseek(in, 7, SEEK_SET);
  SHOW(sendfile(out, in, NULL, 100));
  SHOW(lseek(in, 0, SEEK_CUR));
  char b[32] = "";
  SHOW(pread(out, b, 31, 0));
  puts(b);
  loff_t from = 0, to = 20;
  SHOW(copy_file_range(in, &from, out, &to, 4, 0));
  printf("%ld %ld\n", (long)from, (long)to);
  SHOW(copy_file_range(in, &from, out, &to, 4, 1));
  int p[2];
  pipe(p);
  SHOW(sendfile(out, p[0], NULL, 1));
  SHOW(sendfile(p[1], in, &(off_t){0}, 3));
  SHOW(read(p[0], b, 9));
}
static void locks(void) {
  int fd = open("k", O_CREAT | O_RDWR, 0600), other = open("k", O_RDWR);
  struct flock l = {F_WRLCK, SEEK_SET, 10, 5, 0};
  SHOW(fcntl(fd, F_SETLK, &l));
  l.l_type = F_RDLCK;
  SHOW(fcntl(other, F_GETLK, &l));
  SHOW(l.l_type);
  struct flock o = {F_WRLCK, SEEK_SET, 0, 0, 0};
  SHOW(fcntl(other, 37 /* F_OFD_SETLK */, &o));
  l.l_type = F_UNLCK;
  SHOW(fcntl(fd, F_SETLK, &l));
  SHOW(fcntl(other, 37, &o));
  struct flock g = {F_RDLCK, SEEK_SET, 3, 1, 0};
  SHOW(fcntl(fd, F_GETLK, &g));
  printf("%d %ld %ld %d\n", g.l_type, (long)g.l_start, (long)g.l_len, g.l_pid);
  SHOW(flock(fd, LOCK_EX | LOCK_NB));
  SHOW(flock(other, LOCK_SH | LOCK_NB));
  SHOW(flock(fd, LOCK_UN));
  SHOW(flock(other, LOCK_SH | LOCK_NB));
  SHOW(flock(other, 99));
}
static void statx_and_at(void) {
  mkdir("at", 0755);
  int d = open("at", O_RDONLY | O_DIRECTORY);
  int fd = openat(d, "f", O_CREAT | O_RDWR, 0644);
  write(fd, "abc", 3);
  struct statx_head x;
  SHOW(syscall(SYS_statx, d, "f", 0, 0x7ff, &x));
  printf("%o %ld %d\n", x.mode, (long)x.size, (x.mask & 0x7ff) == 0x7ff);
  SHOW(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x200, &x));
  SHOW(syscall(SYS_statx, fd, "", 0, 0x200, &x));
  struct stat st;
  SHOW(fstatat(d, "../at/f", &st, 0));
  SHOW(fstatat(fd, "f", &st, 0));
  SHOW(fstatat(99, "f", &st, 0));
  SHOW(fstatat(99, "/", &st, 0));
  SHOW(mkdirat(d, "sub", 0700));
  SHOW(symlinkat("f", d, "l"));
  SHOW(linkat(d, "l", d, "h", AT_SYMLINK_FOLLOW));
  SHOW(fchdir(d));
  SHOW(chdir("none"));
  SHOW(chdir("f"));
  SHOW(access("h", F_OK));
  SHOW(fchdir(fd));
}
static void devices(void) {
  char b[16];
  struct stat st;
  stat("/dev/null", &st);
  printf("%o %lx\n", st.st_mode & S_IFMT, (long)st.st_rdev);
  int n = open("/dev/null", O_RDWR), z = open("/dev/zero", O_RDWR), f = open("/dev/full", O_RDWR);
  SHOW(read(n, b, 9));
  SHOW(write(n, b, 9));
  SHOW(read(z, b, 9));
  SHOW(b[8]);
  SHOW(write(f, b, 9));
  SHOW(read(f, b, 9));
  SHOW(lseek(n, 5, SEEK_SET));
  SHOW(isatty(n));
  SHOW(open("/dev/nothing", O_RDONLY));
  SHOW(read(open("/dev/urandom", O_RDONLY), b, 16));
}
static void proc(void) {
  char b[256] = "", c[256] = "";
  int n = readlink("/proc/self/exe", b, 255);
  printf("%s\n", strrchr(b, '/'));
  (void)n;
  int fd = open("/proc/self/comm", O_RDONLY);
  SHOW(read(fd, c, 255));
  printf("%s", c);
  fd = open("/proc/self/cmdline", O_RDONLY);
  n = read(fd, c, 255);
  printf("%s\n", c + strlen(c) + 1);
  sprintf(b, "/proc/self/fd/%d", fd);
  memset(c, 0, sizeof c);
  readlink(b, c, 255);
  printf("%s\n", strrchr(c, '/'));
  sprintf(b, "/proc/%d/stat", getpid());
  SHOW(access(b, R_OK));
  SHOW(access("/proc/self/maps", R_OK));
  SHOW(open("/proc/none", O_RDONLY));
  SHOW(open("/proc/version", O_WRONLY) == -1);
}

const struct test file_tests[] = {
  {"open", open_flags}, {"seek", seek}, {"append", append}, {"vectors", vectors}, {"descriptors", descriptors}, {"names", names},
  {"links", links}, {"deleted", deleted}, {"truncation", truncation}, {"modes", modes}, {"pipes", pipes}, {"listing", listing},
  {"copies", copies}, {"locks", locks}, {"at", statx_and_at}, {"devices", devices}, {"proc", proc}, {0}};
