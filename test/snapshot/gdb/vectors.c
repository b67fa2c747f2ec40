/* What gdb is shown of vector registers: every ymm register is its number in all of its bytes, but ymm2 with an upper half of zeros, ymm5 zero. */
void _start(void) {
  __asm__ volatile(
      ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
      "  mov $(0xa0 + \\n), %%eax; vmovd %%eax, %%xmm\\n; vpbroadcastb %%xmm\\n, %%ymm\\n\n"
      ".endr\n"
      "  vmovdqa %%xmm2, %%xmm2; vpxor %%xmm5, %%xmm5, %%xmm5\n"
      "  fldpi; movl $0x9f80, -4(%%rsp); ldmxcsr -4(%%rsp)\n"
      "  mov $39, %%eax; syscall; mov $60, %%eax; xor %%edi, %%edi; syscall\n"
      ::: "memory");
}
