/* Calls a function and looks at its code, five times; the exit status says in which rounds the code was another one than at first. */
#include "start.h"
static int calls;
__attribute__((noinline)) void looked_at(void) { __asm__ volatile("incl %0" : "+m"(calls)); }
int main(int argc, char **argv) {
  const volatile unsigned char *code = (const volatile unsigned char *)looked_at;
  int changed = code[0] == 0xcc;
  for (int round = 1; round <= 5; round++) {
    looked_at();
    if (code[0] == 0xcc) changed |= 1 << round;
  }
  return changed;
}
