/*
 * Judge of the file system tests: reads operations from standard input, one a line, makes the real system calls inside an empty
 * tmpfs directory (chroot), and prints "operation => result". See ops.test.ts for the same on the machine's own file system.
 *
 *   gcc -O1 -w -o ops ops.c && sudo ./ops /dev/shm/sandbox UID < ops.txt > ops.golden
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/fsuid.h>

const char *strerrorname_np(int);
static int slots[8];
static char buffer[65536];

static void status(long r) {
  if (r < 0) printf("%s\n", strerrorname_np(errno));
  else printf("%ld\n", r);
}
static void show(int r, struct stat *s) {
  if (r < 0) printf("%s\n", strerrorname_np(errno));
  else if (S_ISDIR(s->st_mode)) printf("%o n%lu u%u g%u size %ld\n", s->st_mode, s->st_nlink, s->st_uid, s->st_gid, s->st_size);
  else printf("%o n%lu u%u g%u size %ld blocks %ld\n", s->st_mode, s->st_nlink, s->st_uid, s->st_gid, s->st_size, s->st_blocks);
}

int main(int argc, char **argv) {
  static char line[20000], copy[20000];
  char *w[8];
  mkdir(argv[1], 0777);
  chmod(argv[1], 0777);
  if (chroot(argv[1]) || chdir("/")) return 1;
  int uid = atoi(argv[2]);
  umask(022);
  if (uid) { setgroups(0, 0); if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid)) return 2; }
  for (int i = 0; i < 8; i++) slots[i] = -1;
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    strcpy(copy, line);
    int n = 0;
    for (char *t = strtok(copy, " "); t && n < 8; t = strtok(0, " ")) w[n++] = strcmp(t, "''") ? t : "";
    if (!n) continue;
    struct stat s;
    char *op = w[0];
    printf("%s => ", line);
#define N(i) strtol(w[i], 0, 0)
#define FD slots[N(1)]
    errno = 0;
    if (!strcmp(op, "open")) {
      if (FD >= 0) close(FD);
      int fd = open(w[2], N(3) | O_NONBLOCK, N(4));
      FD = fd;
      if (fd < 0) status(fd);
      else { fd = FD = fcntl(fd, F_DUPFD, 100); printf("flags 0%o\n", fcntl(fd, F_GETFL)); for (int k = 3; k < 100; k++) close(k); }
    } else if (!strcmp(op, "close")) { status(close(FD)); FD = -1; }
    else if (!strcmp(op, "write")) { memset(buffer, 'x', N(2)); status(write(FD, buffer, N(2))); }
    else if (!strcmp(op, "pwrite")) { memset(buffer, 'y', N(2)); status(pwrite(FD, buffer, N(2), N(3))); }
    else if (!strcmp(op, "read")) { long r = read(FD, buffer, N(2)), sum = 0; for (long i = 0; i < r; i++) sum += buffer[i] * (i % 7 + 1); if (r < 0) status(r); else printf("%ld sum %ld\n", r, sum); }
    else if (!strcmp(op, "seek")) status(lseek(FD, N(2), N(3)));
    else if (!strcmp(op, "ftruncate")) status(ftruncate(FD, N(2)));
    else if (!strcmp(op, "fallocate")) status(fallocate(FD, N(2), N(3), N(4)));
    else if (!strcmp(op, "fstat")) show(fstat(FD, &s), &s);
    else if (!strcmp(op, "fchmod")) status(fchmod(FD, N(2)));
    else if (!strcmp(op, "stat")) show(stat(w[1], &s), &s);
    else if (!strcmp(op, "lstat")) show(lstat(w[1], &s), &s);
    else if (!strcmp(op, "mkdir")) status(mkdir(w[1], N(2)));
    else if (!strcmp(op, "mknod")) status(mknod(w[1], N(2), 0));
    else if (!strcmp(op, "rmdir")) status(rmdir(w[1]));
    else if (!strcmp(op, "unlink")) status(unlink(w[1]));
    else if (!strcmp(op, "rename")) status(syscall(SYS_renameat2, AT_FDCWD, w[1], AT_FDCWD, w[2], N(3)));
    else if (!strcmp(op, "link")) status(linkat(AT_FDCWD, w[1], AT_FDCWD, w[2], N(3)));
    else if (!strcmp(op, "symlink")) status(symlink(w[1], w[2]));
    else if (!strcmp(op, "readlink")) { long r = readlink(w[1], buffer, 4096); if (r < 0) status(r); else printf("%.*s\n", (int)r, buffer); }
    else if (!strcmp(op, "chmod")) status(chmod(w[1], N(2)));
    else if (!strcmp(op, "chown")) status(lchown(w[1], N(2), N(3)));
    else if (!strcmp(op, "access")) status(access(w[1], N(2)));
    else if (!strcmp(op, "truncate")) status(truncate(w[1], N(2)));
    else if (!strcmp(op, "chdir")) status(chdir(w[1]));
    else if (!strcmp(op, "getcwd")) { long r = syscall(SYS_getcwd, buffer, 4096); if (r < 0) status(r); else printf("%s\n", buffer); }
    else if (!strcmp(op, "list")) {
      int fd = open(w[1], O_RDONLY | O_DIRECTORY);
      if (fd < 0) { status(fd); continue; }
      long r = 0;
      while ((r = syscall(SYS_getdents64, fd, buffer, N(2))) > 0)
        for (long i = 0; i < r;) { struct dirent64 *d = (void *)(buffer + i); printf("%s/%d ", d->d_name, d->d_type); i += d->d_reclen; }
      printf("%s\n", r < 0 ? strerrorname_np(errno) : ".");
      close(fd);
    } else printf("unknown\n");
  }
  return 0;
}
