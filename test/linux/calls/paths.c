#include "calls.h"

static struct stat st;

TEST(path_through_file) { put("f", "x"); SHOW(open("f/", O_RDONLY)); SHOW(stat("f/.", &st)); SHOW(stat("f/..", &st)); SHOW(mkdir("f/d", 0700)); }
TEST(path_too_long) {
  char p[5000];
  memset(p, '/', 4999);
  p[4999] = 0;
  SHOW(open(p, O_RDONLY));
  p[4095] = 0;
  SHOW(open(p, O_RDONLY));
  memset(p, 'n', 256);
  p[256] = 0;
  SHOW(mkdir(p, 0700));
  p[255] = 0;
  SHOW(mkdir(p, 0700));
}
TEST(link_depth) {
  char a[8], c[8];
  put("l0", "end");
  for (int i = 0; i < 41; i++) sprintf(a, "l%d", i), sprintf(c, "l%d", i + 1), symlink(a, c);
  get("l40");
  get("l41");
}
TEST(link_in_the_middle) {
  mkdir("d", 0700);
  put("d/f", "in d");
  symlink("d", "l");
  get("l/f");
  SHOW(mkdir("l/e", 0700));
  SHOW(rmdir("d/e"));
  SHOW(lstat("l/", &st));
  SHOW(S_ISDIR(st.st_mode) != 0);
  SHOW(unlink("l/"));
  SHOW(rmdir("l"));
}
TEST(link_to_absolute) { mkdir("d", 0700); put("d/f", "x"); symlink("/proc/self/cwd/d", "l"); get("l/f"); }
TEST(link_dangling_create) {
  symlink("target", "l");
  SHOW(open("l", O_CREAT | O_EXCL, 0600));
  SHOW(close(open("l", O_CREAT | O_WRONLY, 0600)));
  SHOW(access("target", F_OK));
}
TEST(link_empty_target) { SHOW(symlink("", "l")); SHOW(symlink("x", "")); SHOW(symlink("x", "none/l")); SHOW(symlink("x", ".")); }
TEST(hard_link_counts) {
  put("a", "one");
  SHOW(link("a", "b"));
  SHOW(link("a", "b"));
  stat("b", &st);
  SHOW(st.st_nlink);
  SHOW(unlink("a"));
  stat("b", &st);
  SHOW(st.st_nlink);
  get("b");
  SHOW(link("none", "c"));
  SHOW(link(".", "c"));
}
TEST(hard_link_to_link) { put("f", "x"); symlink("f", "l"); SHOW(link("l", "m")); lstat("m", &st); SHOW(S_ISLNK(st.st_mode) != 0); SHOW(linkat(AT_FDCWD, "l", AT_FDCWD, "n", AT_SYMLINK_FOLLOW)); lstat("n", &st); SHOW(S_ISREG(st.st_mode) != 0); }
TEST(hard_link_from_descriptor) {
  int fd = open(".", O_TMPFILE | O_RDWR, 0600);
  SHOW(fd);
  SHOW(write(fd, "late name", 9));
  fstat(fd, &st);
  SHOW(st.st_nlink);
  SHOW(linkat(AT_FDCWD, "/proc/self/fd/3", AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
  get("named");
  fstat(fd, &st);
  SHOW(st.st_nlink);
}
TEST(temporary_file_excluded) { SHOW(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600)); SHOW(linkat(AT_FDCWD, "/proc/self/fd/3", AT_FDCWD, "x", AT_SYMLINK_FOLLOW)); SHOW(open(".", O_TMPFILE, 0600)); put("f", ""); SHOW(open("f", O_TMPFILE | O_RDWR, 0600)); }
TEST(link_of_removed_file) { put("f", "x"); int fd = open("f", O_RDONLY); (void)fd; unlink("f"); SHOW(linkat(AT_FDCWD, "/proc/self/fd/3", AT_FDCWD, "g", AT_SYMLINK_FOLLOW)); SHOW(linkat(3, "", AT_FDCWD, "g", AT_EMPTY_PATH)); }
TEST(rename_over_itself) { put("a", "x"); link("a", "b"); SHOW(rename("a", "b")); SHOW(access("a", F_OK)); SHOW(rename("a", "a")); SHOW(access("a", F_OK)); }
TEST(rename_keeps_open_file) { put("a", "old"); put("b", "new"); int fd = open("b", O_RDONLY); SHOW(rename("a", "b")); char c[9] = ""; SHOW(read(fd, c, 9)); puts(c); get("b"); fstat(fd, &st); SHOW(st.st_nlink); }
TEST(rename_directory) { mkdir("d", 0700); put("d/f", "x"); mkdir("e", 0700); SHOW(rename("d", "e")); get("e/f"); mkdir("g", 0700); SHOW(rename("g", "e")); SHOW(rename("e", "e/sub")); SHOW(rename("e/f", "e")); }
TEST(rename_dots) { mkdir("d", 0700); SHOW(rename("d/.", "e")); SHOW(rename("d", "d/..")); SHOW(rename("..", "e")); SHOW(rename("d/", "e/")); SHOW(access("e", F_OK)); put("f", ""); SHOW(rename("f", "g/")); SHOW(rename("f/", "g")); }
TEST(rename_exchange) { put("a", "A"); put("b", "B"); SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE)); get("a"); get("b"); SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "none", RENAME_EXCHANGE)); SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE | RENAME_NOREPLACE)); SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", 64)); }
TEST(rename_no_replace) { put("a", "A"); put("b", "B"); SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE)); SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE)); get("c"); }
TEST(unlink_errors) { mkdir("d", 0700); SHOW(unlink("d")); SHOW(unlink("none")); SHOW(unlink("")); SHOW(unlink("d/")); SHOW(unlink(".")); SHOW(unlinkat(AT_FDCWD, "d", 0x1)); SHOW(unlinkat(99, "d", 0)); SHOW(unlink("/")); }
TEST(rmdir_errors) { mkdir("d", 0700); mkdir("d/e", 0700); put("f", ""); SHOW(rmdir("d")); SHOW(rmdir("f")); SHOW(rmdir("d/.")); SHOW(rmdir("d/..")); SHOW(rmdir("d/e")); SHOW(rmdir("d")); SHOW(rmdir("d")); }
TEST(mkdir_mode) { umask(022); SHOW(mkdir("d", 07777)); stat("d", &st); printf("%o\n", st.st_mode); umask(0); SHOW(mkdir("e", 0)); stat("e", &st); printf("%o\n", st.st_mode); SHOW(mkdir("", 0)); SHOW(mkdir(".", 0)); SHOW(mkdir("/", 0)); }
TEST(directory_links) { mkdir("d", 0700); mkdir("d/a", 0700); mkdir("d/b", 0700); put("d/f", ""); stat("d", &st); SHOW(st.st_nlink); rmdir("d/a"); stat("d", &st); SHOW(st.st_nlink); }
TEST(setgid_directory) { mkdir("d", 02755); chown("d", -1, 77); chmod("d", 02755); mkdir("d/e", 0700); stat("d/e", &st); printf("%o %d\n", st.st_mode, st.st_gid); put("d/f", ""); stat("d/f", &st); SHOW(st.st_gid); }
TEST(chown_clears_setuid) { put("f", ""); chmod("f", 06755); SHOW(chown("f", 5, 6)); stat("f", &st); printf("%o %d %d\n", st.st_mode, st.st_uid, st.st_gid); SHOW(chown("f", -1, -1)); SHOW(chown("none", 1, 1)); SHOW(fchown(99, 1, 1)); }
TEST(lchown_of_link) { put("f", ""); symlink("f", "l"); SHOW(lchown("l", 3, 4)); lstat("l", &st); printf("%d %d\n", st.st_uid, st.st_gid); stat("f", &st); SHOW(st.st_uid); }
TEST(chmod_through_link) { put("f", ""); symlink("f", "l"); SHOW(chmod("l", 0600)); stat("f", &st); printf("%o\n", st.st_mode); lstat("l", &st); printf("%o\n", st.st_mode); SHOW(fchmod(open("f", O_RDONLY), 04711)); stat("f", &st); printf("%o\n", st.st_mode); }
TEST(write_clears_setuid) { put("f", ""); chmod("f", 06777); setresuid(1, 1, 1); int fd = open("f", O_WRONLY); SHOW(write(fd, "x", 1)); stat("f", &st); printf("%o\n", st.st_mode); }
TEST(permission_of_others) { put("f", "x"); chmod("f", 0640); mkdir("d", 0700); chmod(".", 0755); setresgid(9, 9, 9); setresuid(9, 9, 9); SHOW(open("f", O_RDONLY)); SHOW(open("d/x", O_RDONLY)); SHOW(open("g", O_CREAT, 0600)); SHOW(unlink("f")); SHOW(chmod("f", 0777)); SHOW(chown("f", 9, 9)); SHOW(access("f", R_OK)); SHOW(access("f", F_OK)); }
TEST(permission_of_group) { put("f", "x"); chown("f", 5, 9); chmod("f", 0640); setgroups(1, (gid_t[]){9}); setresgid(8, 8, 8); setresuid(7, 7, 7); SHOW(open("f", O_RDONLY)); SHOW(open("f", O_RDWR)); SHOW(access("f", R_OK)); }
TEST(owner_without_permission) { put("f", "x"); chown("f", 7, 7); chmod("f", 0077); setresuid(7, 7, 7); SHOW(open("f", O_RDONLY)); SHOW(chmod("f", 0600)); SHOW(open("f", O_RDONLY)); }
TEST(sticky_directory) { mkdir("d", 01777); chmod("d", 01777); put("d/f", "x"); setresuid(7, 7, 7); SHOW(unlink("d/f")); SHOW(rename("d/f", "d/g")); SHOW(close(open("d/own", O_CREAT, 0600))); SHOW(unlink("d/own")); }
TEST(access_uses_real_ids) { put("f", "x"); chmod("f", 0600); setresuid(7, 0, 0); SHOW(access("f", R_OK)); SHOW(faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS)); SHOW(syscall(439, AT_FDCWD, "f", R_OK, AT_EACCESS)); SHOW(syscall(439, AT_FDCWD, "f", R_OK, 1)); }
TEST(root_executes_only_executables) { put("f", "x"); chmod("f", 0); SHOW(open("f", O_RDWR)); SHOW(access("f", X_OK)); chmod("f", 01); SHOW(access("f", X_OK)); }
TEST(change_directory) { mkdir("d", 0); SHOW(chdir("d")); SHOW(chdir("..")); SHOW(chdir("none")); put("f", ""); SHOW(chdir("f")); SHOW(fchdir(99)); SHOW(fchdir(open("d", O_RDONLY | O_DIRECTORY))); SHOW(open("../f", O_RDONLY)); char b[4]; SHOW(getcwd(b, 4) ? 0 : -1); SHOW(syscall(SYS_getcwd, b, 0)); }
TEST(removed_directory) { mkdir("d", 0700); chdir("d"); rmdir("../d"); SHOW(open(".", O_RDONLY)); SHOW(mkdir("e", 0700)); SHOW(chdir("..")); SHOW(access("d", F_OK)); }
TEST(change_root) { mkdir("r", 0755); put("r/f", "inside"); SHOW(chroot("r")); get("/f"); SHOW(chdir("/")); SHOW(chdir("..")); get("f"); symlink("/f", "/l"); get("/l"); SHOW(chroot("f")); setresuid(5, 5, 5); SHOW(chroot("/")); }
TEST(times_are_set) { put("f", ""); struct timespec t[2] = {{100, 1}, {0, UTIME_OMIT}}; SHOW(utimensat(AT_FDCWD, "f", t, 0)); stat("f", &st); printf("%ld.%ld %d\n", (long)st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec > 1000); t[0].tv_nsec = -1; SHOW(utimensat(AT_FDCWD, "f", t, 0)); struct timeval v[2] = {{5, 6}, {7, 8}}; SHOW(utimes("f", v)); stat("f", &st); printf("%ld %ld\n", st.st_atim.tv_nsec, st.st_mtim.tv_nsec); SHOW(futimens(open("f", O_RDONLY), NULL)); stat("f", &st); SHOW(st.st_mtim.tv_sec > 1000); }
TEST(times_of_others) { put("f", ""); chmod("f", 0666); setresuid(7, 7, 7); struct timespec t[2] = {{1, 0}, {1, 0}}; SHOW(utimensat(AT_FDCWD, "f", NULL, 0)); SHOW(utimensat(AT_FDCWD, "f", t, 0)); }
TEST(write_moves_time) { put("f", "x"); struct timespec t[2] = {{1, 0}, {1, 0}}; utimensat(AT_FDCWD, "f", t, 0); int fd = open("f", O_RDWR); stat("f", &st); SHOW(st.st_mtim.tv_sec); write(fd, "y", 1); stat("f", &st); SHOW(st.st_mtim.tv_sec > 1); SHOW(st.st_ctim.tv_sec > 1); }
TEST(blocks_of_sparse_file) { int fd = open("f", O_CREAT | O_RDWR, 0600); SHOW(ftruncate(fd, 1 << 20)); fstat(fd, &st); SHOW(st.st_blocks); SHOW(pwrite(fd, "x", 1, 500000)); fstat(fd, &st); SHOW(st.st_blocks); SHOW(lseek(fd, 0, SEEK_DATA)); SHOW(lseek(fd, 499712, SEEK_HOLE)); SHOW(lseek(fd, 600000, SEEK_DATA)); SHOW(lseek(fd, 1 << 20, SEEK_HOLE)); }
TEST(punched_hole) { int fd = open("f", O_CREAT | O_RDWR, 0600); char b[12288]; memset(b, 'x', sizeof b); write(fd, b, sizeof b); SHOW(fallocate(fd, 3, 4096, 4096)); fstat(fd, &st); printf("%ld %ld\n", (long)st.st_size, (long)st.st_blocks); SHOW(pread(fd, b, 1, 5000)); SHOW(b[0]); SHOW(fallocate(fd, 2, 0, 1)); SHOW(fallocate(fd, 1, 0, 65536)); fstat(fd, &st); SHOW(st.st_size); SHOW(fallocate(fd, 0, -1, 1)); SHOW(fallocate(fd, 0, 0, 0)); }
TEST(getdents_positions) {
  char n[16], b[200];
  mkdir("d", 0700);
  for (int i = 0; i < 20; i++) sprintf(n, "d/%d", i), put(n, "");
  int fd = open("d", O_RDONLY), seen = 0, calls = 0, r;
  while ((r = syscall(SYS_getdents64, fd, b, sizeof b)) > 0) for (calls++; r > 0;) { int l = *(unsigned short *)(b + 16); seen++; r -= l; memmove(b, b + l, r); }
  SHOW(seen);
  SHOW(calls > 1);
  lseek(fd, 0, SEEK_SET);
  SHOW(syscall(SYS_getdents64, fd, b, sizeof b) > 0);
}
TEST(getdents_while_removing) {
  char n[16];
  mkdir("d", 0700);
  for (int i = 0; i < 50; i++) sprintf(n, "d/%d", i), put(n, "");
  DIR *d = opendir("d");
  int removed = 0;
  for (struct dirent *e; (e = readdir(d));) if (e->d_name[0] != '.') chdir("d"), removed += unlink(e->d_name) == 0, chdir("..");
  SHOW(removed);
  SHOW(rmdir("d"));
}
TEST(stat_of_devices) { SHOW(stat("/dev/zero", &st)); printf("%o %lx\n", st.st_mode, (long)st.st_rdev); SHOW(mknod("n", S_IFCHR | 0600, 0x103)); SHOW(mknod("s", S_IFSOCK | 0600, 0)); stat("s", &st); printf("%o\n", st.st_mode); SHOW(open("s", O_RDONLY)); SHOW(mknod("d", S_IFDIR | 0700, 0)); SHOW(mknod("x", 0170000, 0)); }
TEST(path_only_descriptors) { put("f", "x"); int fd = open("f", O_PATH); char c; SHOW(read(fd, &c, 1)); SHOW(fchmod(fd, 0600)); SHOW(fstat(fd, &st)); SHOW(fcntl(fd, F_GETFL) & O_PATH); SHOW(fcntl(fd, F_SETFL, 0)); SHOW(dup(fd)); SHOW(ioctl(fd, FIONREAD, &fd)); SHOW(open("/proc/self/fd/3", O_RDONLY)); }
TEST(read_only_directory_calls) { int fd = open(".", O_RDONLY); char c; SHOW(read(fd, &c, 1)); SHOW(write(fd, &c, 1)); SHOW(ftruncate(fd, 1)); SHOW(lseek(fd, 0, SEEK_END) >= 0); SHOW(pread(fd, &c, 1, 0)); SHOW(fsync(fd)); SHOW(fallocate(fd, 0, 0, 1)); }
TEST(truncate_limits) { struct rlimit r = {100, 100}; setrlimit(RLIMIT_FSIZE, &r); signal(SIGXFSZ, SIG_IGN); put("f", "x"); SHOW(truncate("f", 101)); SHOW(truncate("f", 100)); stat("f", &st); SHOW(st.st_size); }
TEST(statfs_of_memory) { struct statfs f; SHOW(statfs(".", &f)); printf("%lx %ld %ld\n", (long)f.f_type, (long)f.f_bsize, (long)f.f_namelen); SHOW(fstatfs(99, &f)); SHOW(statfs("none", &f)); statfs("/proc", &f); printf("%lx\n", (long)f.f_type); }
TEST(statx_fields) { put("f", "abc"); struct statx_head x; SHOW(syscall(SYS_statx, AT_FDCWD, "f", 0, 0xfff, &x)); printf("%x %d %ld %o\n", x.mask & 0x7ff, x.nlink, (long)x.size, x.mode); SHOW(syscall(SYS_statx, AT_FDCWD, "f", 0x6000, 0xfff, &x)); SHOW(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x80000000, &x)); SHOW(syscall(SYS_statx, AT_FDCWD, "", 0, 0xfff, &x)); SHOW(syscall(SYS_statx, AT_FDCWD, "f", 0, 0xfff, 8)); }
TEST(extended_attributes_refused) { put("f", ""); char b[8]; SHOW(setxattr("f", "other.x", "v", 1, 0)); SHOW(setxattr("f", "", "v", 1, 0)); SHOW(setxattr("f", "user.x", "v", 1, 9)); SHOW(removexattr("none", "user.x")); SHOW(setxattr("none", "user.x", "v", 1, 0)); SHOW(fsetxattr(99, "user.x", "v", 1, 0)); SHOW(listxattr("none", b, 8)); SHOW(setxattr("f", "user.x", (void *)8, 1, 0)); }
