/* Runs instructions at the end of a page, with growing length, to learn how many bytes the CPU reads and whether it raises #UD.
   In: records of 16 bytes. Out: one byte each: the length, with 0x80 added for #UD, 0x40 for #GP with RIP unmoved (too long, or privileged). */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int signal_number;
static volatile unsigned long fault_rip, fault_error, fault_trap, fault_address;

static void handler(int number, siginfo_t *info, void *context) {
  ucontext_t *state = context;
  signal_number = number;
  fault_rip = state->uc_mcontext.gregs[REG_RIP];
  fault_error = state->uc_mcontext.gregs[REG_ERR];
  fault_trap = state->uc_mcontext.gregs[REG_TRAPNO];
  fault_address = (unsigned long)info->si_addr;
  siglongjmp(back, 1);
}

static char stack_area[65536] __attribute__((aligned(4096)));

unsigned char *target;

/* Every register is zero but rsp. */
static void enter(unsigned char *at) {
  target = at;
  __asm__ volatile("lea %0, %%rsp\n xor %%eax,%%eax\n xor %%ebx,%%ebx\n xor %%ecx,%%ecx\n xor %%edx,%%edx\n xor %%esi,%%esi\n xor %%edi,%%edi\n"
                   "xor %%ebp,%%ebp\n xor %%r8d,%%r8d\n xor %%r9d,%%r9d\n xor %%r10d,%%r10d\n xor %%r11d,%%r11d\n xor %%r12d,%%r12d\n xor %%r13d,%%r13d\n"
                   "xor %%r14d,%%r14d\n xor %%r15d,%%r15d\n jmp *target(%%rip)"
                   : : "m"(stack_area[32768]) : "memory");
  __builtin_unreachable();
}

int main(void) {
  static char alternate[65536];
  stack_t alternate_stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&alternate_stack, 0);
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  int signals[] = {SIGILL, SIGSEGV, SIGTRAP, SIGFPE, SIGBUS};
  for (int i = 0; i < 5; i++) sigaction(signals[i], &action, 0);
  unsigned char *pages = mmap((void *)0x7000000000, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  mprotect(pages + 4096, 4096, PROT_NONE);
  unsigned char *end = pages + 4096;
  static unsigned char record[16];
  static volatile int length;
  while (fread(record, 16, 1, stdin) == 1) {
    unsigned char result = 0;
    for (length = 1; length <= 15; length++) {
      unsigned char *at = end - length;
      memcpy(at, record, length);
      if (sigsetjmp(back, 0) == 0) enter(at);
      int fetch = signal_number == SIGSEGV && fault_trap == 14 && (fault_error & 16) != 0;
      if (fetch && fault_rip == (unsigned long)at && fault_address == (unsigned long)end) continue;
      result = length;
      if (signal_number == SIGILL) result |= 0x80;
      else if (fault_trap == 13 && fault_rip == (unsigned long)at) result |= 0x40;
      break;
    }
    putchar(result);
    fflush(stdout);
  }
  return 0;
}
