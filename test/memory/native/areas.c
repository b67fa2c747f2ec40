/* Executes the memory calls of a script and shows what each returned and the areas that resulted.
 *
 *     musl-gcc -O1 -static -o areas areas.c
 *     setarch -R env -i ./areas < areas.script > areas.golden
 *
 * Script: `[V =] verb arguments`. Numbers are hexadecimal counts of pages, `V+2` means two pages after the address in
 * the variable V, `V.8` eight bytes after it. Predefined: H, the first break; T, where the first mapping from the top
 * ends; X, an empty region. `maps` lists the areas between H and T.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <fcntl.h>

static unsigned long vars[128];
static char text[1 << 20];
static sigjmp_buf jump;
static siginfo_t info;
static int memfd;

static void handler(int sig, siginfo_t *si, void *ctx) {
  (void)sig; (void)ctx;
  info = *si;
  siglongjmp(jump, 1);
}

static unsigned long value(const char *s) {
  unsigned long v = 0;
  if (s == 0) return 0;
  if (*s >= 'A' && *s <= 'Z') {
    v = vars[(int)*s++];
    if (*s == '+') {
      char *end;
      v += strtoul(s + 1, &end, 16) * 4096;
      return *end == '.' ? v + strtoul(end + 1, 0, 16) : v;
    }
    if (*s == '-') return v - strtoul(s + 1, 0, 16) * 4096;
    if (*s == '.') return v + strtoul(s + 1, 0, 16);
    return v;
  }
  if (*s == '.') return strtoul(s + 1, 0, 16);
  return strtoul(s, 0, 16) * 4096;
}

static void maps(int print) {
  int fd = open("/proc/self/maps", O_RDONLY);
  long n = 0, got;
  while ((got = read(fd, text + n, sizeof text - 1 - n)) > 0) n += got;
  text[n] = 0;
  close(fd);
  for (char *line = strtok(text, "\n"); line; line = strtok(0, "\n")) {
    unsigned long start, end, offset;
    char perms[8], name[256] = "";
    int at = 0;
    sscanf(line, "%lx-%lx %7s %lx %*s %*s %n", &start, &end, perms, &offset, &at);
    if (at) strncpy(name, line + at, 255);
    if (!print) {
      if (strcmp(name, "[vvar]") == 0) vars['T'] = start;
      continue;
    }
    if (start < vars['H'] || end > vars['T']) continue;
    printf("  %lx-%lx %s %lx%s%s\n", start, end, perms, offset, *name ? " " : "", name);
  }
}

static const char *errname(int e) {
  switch (e) {
    case EINVAL: return "EINVAL"; case ENOMEM: return "ENOMEM"; case EEXIST: return "EEXIST";
    case EACCES: return "EACCES"; case EFAULT: return "EFAULT"; case EAGAIN: return "EAGAIN";
    case EPERM: return "EPERM"; default: return "?";
  }
}

int main(void) {
  static char line[256];
  struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
  stack_t ss = {0};
  static char alt[16384];
  ss.ss_sp = alt; ss.ss_size = sizeof alt;
  sigaltstack(&ss, 0);
  sigaction(SIGSEGV, &sa, 0);
  sigaction(SIGBUS, &sa, 0);
  memfd = memfd_create("file", 0);
  for (int i = 0; i < 3; i++) {
    static char page[4096];
    memset(page, 'A' + i, 4096);
    pwrite(memfd, page, 4096, i * 4096);
  }
  pwrite(memfd, "tail", 4, 3 * 4096);
  vars['H'] = (syscall(SYS_brk, 0) + 4095) & -4096ul;
  vars['X'] = 0x200000000;
  maps(0);
  printf("H %lx\nT %lx\n", vars['H'], vars['T']);
  while (fgets(line, sizeof line, stdin)) {
    char copy[256], *w[10] = {0}, *p;
    int n = 0, target = 0;
    line[strcspn(line, "\n")] = 0;
    if (!*line || *line == '#') { printf("%s\n", line); continue; }
    printf("%s\n", line);
    strcpy(copy, line);
    for (p = strtok(copy, " "); p && n < 10; p = strtok(0, " ")) w[n++] = p;
    char **a = w;
    if (n > 1 && strcmp(w[1], "=") == 0) { target = *w[0]; a += 2; }
    long r = 0;
    int shown = 0;
    if (strcmp(a[0], "map") == 0) {
      int flags = strchr(a[4], 's') ? MAP_SHARED : MAP_PRIVATE, fd = -1;
      for (p = a[4]; *p; p++) switch (*p) {
        case 'f': flags |= MAP_FIXED; break;
        case 'r': flags |= MAP_FIXED_NOREPLACE; break;
        case 'n': flags |= MAP_NORESERVE; break;
        case 'g': flags |= MAP_GROWSDOWN; break;
        case 'l': flags |= MAP_32BIT; break;
        case 'F': fd = memfd; break;
      }
      if (fd < 0) flags |= MAP_ANONYMOUS;
      r = syscall(SYS_mmap, value(a[1]), value(a[2]), strtol(a[3], 0, 16), flags, fd, value(a[5]));
    } else if (strcmp(a[0], "unmap") == 0) {
      r = syscall(SYS_munmap, value(a[1]), value(a[2]));
    } else if (strcmp(a[0], "protect") == 0) {
      r = syscall(SYS_mprotect, value(a[1]), value(a[2]), strtol(a[3], 0, 16));
    } else if (strcmp(a[0], "remap") == 0) {
      r = syscall(SYS_mremap, value(a[1]), value(a[2]), value(a[3]), strtol(a[4], 0, 16), value(a[5]));
    } else if (strcmp(a[0], "advise") == 0) {
      r = syscall(SYS_madvise, value(a[1]), value(a[2]), strtol(a[3], 0, 10));
    } else if (strcmp(a[0], "brk") == 0) {
      r = syscall(SYS_brk, value(a[1]));
    } else if (strcmp(a[0], "truncate") == 0) {
      r = ftruncate(memfd, value(a[1]));
    } else if (strcmp(a[0], "read") == 0 || strcmp(a[0], "write") == 0) {
      volatile unsigned char *at = (void *)value(a[1]);
      shown = 1;
      if (sigsetjmp(jump, 1)) {
        printf("  = %s at %lx\n", info.si_signo == SIGBUS ? "BUS" : info.si_code == SEGV_ACCERR ? "ACCERR" : "MAPERR",
               (unsigned long)info.si_addr);
      } else if (a[0][0] == 'r') {
        int byte = *at;
        printf("  = %x\n", byte);
      } else {
        *at = strtol(a[2], 0, 16);
        printf("  = ok\n");
      }
    } else if (strcmp(a[0], "touch") == 0) {
      shown = 1;
      if (sigsetjmp(jump, 1)) {
        printf("touch faults\n");
        return 1;
      }
      for (unsigned long v = value(a[1]), e = v + value(a[2]); v < e; v += 4096) *(volatile char *)v = 1;
    } else if (strcmp(a[0], "maps") == 0) {
      maps(1);
      shown = 1;
    } else {
      printf("unknown verb %s\n", a[0]);
      return 1;
    }
    if (target) vars[target] = r;
    if (!shown) {
      if (r == -1) printf("  = %s\n", errname(errno));
      else printf("  = %lx\n", (unsigned long)r);
    }
  }
  return 0;
}
