/* Executes one x87 instruction for each case read from stdin and writes what the processor made of it to stdout.
   Build: gcc -O2 -o record record.c. Layouts are those of cases.ts. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct input {
  uint8_t code[4];     /* instruction bytes; a memory operand is [rsi] */
  uint32_t length;     /* of code */
  uint64_t flags;      /* RFLAGS bits CF PF AF ZF SF OF */
  uint8_t image[112];  /* FRSTOR image, 108 bytes used */
  uint8_t memory[112]; /* memory operand */
};

struct output {
  uint64_t flags;
  uint64_t rax;
  uint8_t image[112];
  uint8_t memory[112];
};

int main(void) {
  /* rdi: image in, rsi: memory, rdx: struct output */
  static const uint8_t head[] = {
      0xdd, 0x27,             /* frstor [rdi] */
      0xff, 0x71, 0x08,       /* push qword [rcx+8] */
      0x9d,                   /* popfq */
  };
  static const uint8_t tail[] = {
      0x9c,                   /* pushfq */
      0x8f, 0x02,             /* pop qword [rdx] */
      0x48, 0x89, 0x42, 0x08, /* mov [rdx+8], rax */
      0xdd, 0x72, 0x10,       /* fnsave [rdx+16] */
      0xc3,                   /* ret */
  };
  uint8_t *page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  static struct input in[4096];
  static struct output out[4096];
  size_t count;
  uint32_t last = 0, lastLength = 0;
  while ((count = fread(in, sizeof in[0], 4096, stdin)) > 0) {
    for (size_t i = 0; i < count; i++) {
      uint32_t code;
      memcpy(&code, in[i].code, 4);
      if (code != last || in[i].length != lastLength) {
        memcpy(page, head, sizeof head);
        memcpy(page + sizeof head, in[i].code, in[i].length);
        memcpy(page + sizeof head + in[i].length, tail, sizeof tail);
        last = code;
        lastLength = in[i].length;
      }
      memset(&out[i], 0, sizeof out[i]);
      memcpy(out[i].memory, in[i].memory, sizeof in[i].memory);
      void *image = in[i].image, *memory = out[i].memory, *result = &out[i];
      struct input *self = &in[i];
      uint64_t rax = 0;
      __asm__ volatile("call *%[page]"
                       : "+a"(rax), "+D"(image), "+S"(memory), "+d"(result), "+c"(self)
                       : [page] "r"(page)
                       : "memory", "cc", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
    }
    fwrite(out, sizeof out[0], count, stdout);
  }
  return 0;
}
