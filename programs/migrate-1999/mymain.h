/* The work whose state the mail wants to move: initialised data, uninitialised data, heap and stack all take part in it. */
#include <stdio.h>
#include <stdlib.h>

static unsigned long long seed = 1999;
static unsigned long long seen[16];

struct node {
  struct node *next;
  unsigned long long value;
};
static struct node *nodes;

static int mymain(int steps) {
  unsigned long long mixed[8] = {0};
  for (int step = 1; step <= steps; step++) {
    for (int i = 0; i < 200000; i++) {
      seed = seed * 6364136223846793005ull + 1442695040888963407ull;
      unsigned k = seed >> 60;
      seen[k]++;
      mixed[k & 7] ^= seed;
    }
    struct node *node = malloc(sizeof *node);
    node->value = seed;
    node->next = nodes;
    nodes = node;
    unsigned long long sum = 0;
    int length = 0;
    for (; node != NULL; node = node->next, length++) sum += node->value;
    printf("step %d: data %016llx, bss %llu, heap %d nodes %016llx, stack %016llx\n", step, seed, seen[7], length, sum, mixed[3]);
  }
  return 0;
}
