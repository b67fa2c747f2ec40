/* A million bytes through a pipe, each written and read by itself. */
#include <stdio.h>
#include <unistd.h>

int main(void) {
  int ends[2];
  unsigned sum = 0;
  if (pipe(ends) < 0) return 1;
  for (int i = 0; i < 1000000; i++) {
    unsigned char out = i * 7, in;
    if (write(ends[1], &out, 1) != 1 || read(ends[0], &in, 1) != 1) return 1;
    sum = sum * 31 + in;
  }
  printf("%08x\n", sum);
}
