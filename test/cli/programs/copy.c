/* Copies standard input to standard output; argv[1]: bytes for each read. Exit status 1 and errno on standard error where a call fails. */
#include "start.h"
static char buffer[65536];
int main(int argc, char **argv) {
  long size = 0;
  if (argc > 1) for (char *p = argv[1]; *p; p++) size = size * 10 + (*p - '0');
  if (size == 0) size = sizeof buffer;
  for (;;) {
    long got = call3(0, 0, (long)buffer, size);
    if (got == 0) return 0;
    for (long done = 0; got < 0 || done < got;) {
      long wrote = got < 0 ? got : call3(1, 1, (long)buffer + done, got - done);
      if (wrote < 0) {
        char text[8] = {'-', (char)('0' + -wrote / 10), (char)('0' + -wrote % 10), '\n'};
        call3(1, 2, (long)text, 4);
        return 1;
      }
      done += wrote;
    }
  }
}
