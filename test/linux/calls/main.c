#include "calls.h"

static const struct test *const families[] = {file_tests, signal_tests, time_tests, event_tests, memory_tests, process_tests};

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (unsigned i = 0; i < sizeof families / sizeof *families; i++)
    for (const struct test *t = families[i]; t->name; t++)
      if (argc < 2) {
        /* What another test executes is none of its own. */
        if (strncmp(t->name, "after-", 6)) puts(t->name);
      }
      else if (!strcmp(t->name, argv[1])) {
        t->run();
        return 0;
      }
  for (const struct test *t = __start_tests; t < __stop_tests; t++)
    if (argc < 2) {
      if (strncmp(t->name, "after_", 6)) puts(t->name);
    }
    else if (!strcmp(t->name, argv[1])) {
      t->run();
      return 0;
    }
  return argc < 2 ? 0 : 2;
}
