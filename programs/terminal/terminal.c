// Does to its terminal what its arguments say, in order, and prints what comes of it. See test/linux/tty/README.md.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static char line[8192];
static int prompts;

static void say(const char *text) {
  size_t length = strlen(text);
  while (length > 0) {
    ssize_t count = write(1, text, length);
    if (count < 0) exit(9);
    text += count, length -= count;
  }
}

static void show(const char *what, long result, const unsigned char *bytes) {
  char *at = line + sprintf(line, "{%s %ld", what, result);
  if (result < 0) at += sprintf(at, " errno %d", errno);
  for (long i = 0; bytes && i < result; i++) {
    if (i == 0) *at++ = ' ';
    if (bytes[i] > 32 && bytes[i] < 127 && bytes[i] != '\\') *at++ = bytes[i];
    else at += sprintf(at, "\\%02x", bytes[i]);
  }
  strcpy(at, "}\n");
  say(line);
}

static void caught(int number) {
  char text[32];
  sprintf(text, "{signal %d}\n", number);
  say(text);
}

static long ms(const struct timespec *from) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
}

int main(int argc, char **argv) {
  static unsigned char bytes[5000];
  if (argc == 1) {
    printf("stdin is %s terminal\n", isatty(0) ? "a" : "no");
    return 0;
  }
  for (int i = 1; i < argc; i++) {
    char *word = argv[i], *equals = strchr(word, '=');
    const char *text = equals ? equals + 1 : "";
    long value = strtol(text, 0, 0);
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    struct termios t;
    struct timespec from;
    struct winsize size;
    int number = 0;
#define IS(name) (length == strlen(name) && !memcmp(word, name, length))
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (IS("key")) sprintf(line, "<%d>", ++prompts), say(line);
    else if (IS("say")) say(text), say("\n");
    else if (IS("raw")) say(text);
    else if (IS("tab")) say("\t");
    else if (IS("read")) number = read(0, bytes, value), show("read", number, bytes);
    else if (IS("tenths")) number = read(0, bytes, value), sprintf(line, "{after %ld}\n", (ms(&from) + 50) / 100), say(line), show("read", number, bytes);
    else if (IS("poll")) {
      struct pollfd p = {0, POLLIN, 0};
      number = poll(&p, 1, value);
      show("poll", number, 0);
    } else if (IS("inq")) ioctl(0, FIONREAD, &number), show("inq", number, 0);
    else if (IS("sleep")) usleep(value * 1000);
    else if (IS("nonblock")) fcntl(0, F_SETFL, value ? O_NONBLOCK : 0);
    else if (IS("flush")) tcflush(0, value);
    else if (IS("flow")) tcflow(0, value);
    else if (IS("catch") || IS("catch-restart")) {
      struct sigaction action = {.sa_handler = caught, .sa_flags = IS("catch") ? 0 : SA_RESTART};
      sigaction(value, &action, 0);
    } else if (IS("ignore")) signal(value, SIG_IGN);
    else if (IS("size")) ioctl(0, TIOCGWINSZ, &size), sprintf(line, "{size %d %d}\n", size.ws_row, size.ws_col), say(line);
    else if (IS("resize")) size = (struct winsize){value / 1000, value % 1000, 0, 0}, number = ioctl(0, TIOCSWINSZ, &size), show("resize", number, 0);
    else if (IS("name")) sprintf(line, "{%s %d}\n", strncmp(ttyname(0), "/dev/pts/", 9) ? "?" : "pts", tcgetpgrp(0) == getpgrp()), say(line);
    else if (IS("tty")) number = open("/dev/tty", O_RDWR), show("tty", number >= 0 ? isatty(number) : -1, 0), close(number);
    else if (IS("push")) number = ioctl(0, TIOCSTI, text), show("push", number, 0);
    else if (IS("pgrp")) number = tcsetpgrp(0, value), show("pgrp", number, 0);
    else if (IS("ioctl")) memset(bytes, 0, 64), number = ioctl(0, value, bytes), show("ioctl", number, 0);
    else {
      // i, o, l: flags to set (+) or clear (-), octal; c: a control character by number; drain and flush say when.
      int when = *word == 'F' ? TCSAFLUSH : *word == 'D' ? TCSADRAIN : TCSANOW;
      if (*word == 'F' || *word == 'D') word++;
      tcgetattr(0, &t);
      tcflag_t *flags = *word == 'i' ? &t.c_iflag : *word == 'o' ? &t.c_oflag : &t.c_lflag;
      if (*word == 'c') t.c_cc[atoi(word + 1)] = value;
      else if (word[1] == '+') *flags |= strtol(word + 2, 0, 8);
      else if (word[1] == '-') *flags &= ~strtol(word + 2, 0, 8);
      else return 8;
      if (tcsetattr(0, when, &t)) show("tcsetattr", -1, 0);
    }
  }
  return 0;
}
