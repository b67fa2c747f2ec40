/* What gdb is shown: a stack of known calls, vector and x87 registers, a thread pointer. */
static volatile double value = 2.5;
static volatile long double wide = 1.25L;
int counter = 7;

static long out(const char *text, long length) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "0"(1L), "D"(1L), "S"(text), "d"(length) : "rcx", "r11", "memory");
  return result;
}

__attribute__((noinline)) long inner(long depth) {
  counter += (int)depth;
  double doubled = value * 2;
  __asm__ volatile("movsd %0, %%xmm3; fldt %1" : : "m"(doubled), "m"(wide) : "xmm3");
  return out("here\n", 5) + depth;
}

__attribute__((noinline)) long middle(long depth) {
  if (depth > 0) return middle(depth - 1) + 1;
  return inner(42) + 1;
}

void _start(void) {
  middle(2);
  __asm__ volatile("syscall" : : "a"(60L), "D"(0L));
}
