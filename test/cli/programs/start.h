/* A program without a C library: _start, exit and the calls used. */
static inline long call3(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}
int main(int argc, char **argv);
__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov (%rsp), %edi\n lea 8(%rsp), %rsi\n and $-16, %rsp\n call main\n mov %eax, %edi\n mov $231, %eax\n syscall\n");
