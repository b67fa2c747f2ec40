/* Dies in the way argv[1] says: memory, jump, illegal, divide, trap, abort, bus. */
#include "start.h"
__attribute__((noinline)) void poke(int *at, int value) {
  *at = value;
  __asm__ volatile("");
}
__attribute__((noinline)) int middle(long at) {
  poke((int *)at, 7);
  return 1;
}
__attribute__((noinline)) int divide(int a, int b) {
  int quotient;
  __asm__ volatile("cltd; idivl %2" : "=a"(quotient) : "0"(a), "r"(b) : "rdx");
  return quotient + 1;
}
int main(int argc, char **argv) {
  switch (argc > 1 ? argv[1][0] : 'm') {
    case 'm': return middle(16) * 2;
    case 'j': return ((int (*volatile)(void))16)() + 1;
    case 'i': __asm__ volatile("ud2"); return 1;
    case 'd': return divide(argc, 0) + 1;
    case 't': __asm__ volatile("int3"); return 1;
    case 'a': call3(200, call3(39, 0, 0, 0), 6, 0); return 1;
    case 'b': __asm__ volatile("mov $1, %%rax; shl $63, %%rax; mov (%%rsp,%%rax), %%rbx" ::: "rax", "rbx"); return 1;
  }
  return 0;
}
