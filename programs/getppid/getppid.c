/* A million of the cheapest system calls. */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  int same = 0, parent = getppid();
  for (int i = 0; i < 1000000; i++) same += syscall(SYS_getppid) == parent;
  printf("%d\n", same);
}
