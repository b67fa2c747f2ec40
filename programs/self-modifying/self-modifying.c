/* Code that changes while it runs: rewritten in a loop, by itself, through a second mapping, and replaced by another mapping. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint32_t function(uint32_t);
enum { PAGE = 4096 };
static const int rwx = PROT_READ | PROT_WRITE | PROT_EXEC;

/* After code was written through another address the processor wants a serialising instruction (SDM 3, 9.1.3). */
static void serialise(void)
{
    uint32_t a = 0, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d) : : "memory");
}

/* mov eax, value; add eax, edi; ret */
static void write_adder(uint8_t *at, uint32_t value)
{
    at[0] = 0xb8;
    memcpy(at + 1, &value, 4);
    memcpy(at + 5, "\x01\xf8\xc3", 3);
}

static void rewritten(uint8_t *page)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        write_adder(page, i * 3);
        sum += ((function *)page)(i);
    }
    printf("rewritten 20000 times: %u\n", sum);
}

static void several_places(uint8_t *page)
{
    uint32_t sum = 0;
    for (int i = 0; i < 64; i++)
        write_adder(page + i * 61, (uint32_t)i);
    for (uint32_t round = 0; round < 100; round++) {
        page[(round * 7 % 64) * 61 + 1] = (uint8_t)round;
        for (int i = 0; i < 64; i++)
            sum = sum * 31 + ((function *)(page + i * 61))(round);
    }
    printf("one of 64 functions in a page changed each round: %u\n", sum);
}

/* A loop that increments the immediate of its own next instruction:
     xor eax, eax
   1: inc dword [rip+N]     ; the immediate of the add below
     add eax, 0
     dec edi
     jnz 1b
     ret */
static void by_itself(uint8_t *page)
{
    static const uint8_t code[] = {0x31, 0xc0, 0xff, 0x05, 1, 0, 0, 0, 0x05, 0, 0, 0, 0, 0xff, 0xcf, 0x75, 0xf1, 0xc3};
    memcpy(page, code, sizeof code);
    printf("the next instruction, by itself: %u\n", ((function *)page)(1000));
    memcpy(page + PAGE - 10, code, sizeof code);
    printf("the same across a page boundary: %u\n", ((function *)(page + PAGE - 10))(1000));
}

/* rep stosb over its own tail:
     mov ecx, edi ; lea rdi, [rip+0x10] ; mov al, 0x90 ; rep stosb ; mov eax, 1 ; ret ; <16 times mov al, imm8 ...> */
static void by_a_string(uint8_t *page)
{
    uint8_t *p = page;
    const uint8_t head[] = {0x89, 0xf9, 0x48, 0x8d, 0x3d, 5, 0, 0, 0, 0xb0, 0x90, 0xf3, 0xaa, 0x90};
    memcpy(p, "\x31\xd2", 2);
    p += 2;
    memcpy(p, head, sizeof head);
    p += sizeof head;
    for (int i = 0; i < 32; i++) {
        *p++ = 0xff;
        *p++ = 0xc2;
    }
    memcpy(p, "\x89\xd0\xc3", 3);
    printf("32 increments:");
    static const uint32_t counts[] = {0, 2, 10, 32, 64};
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 32; j++)
            memcpy(page + 2 + sizeof head + 2 * j, "\xff\xc2", 2);
        printf(" %u left after %u bytes became nop;", ((function *)page)(counts[i]), counts[i]);
    }
    printf("\n");
}

static void second_mapping(void)
{
    int fd = memfd_create("code", 0);
    if (ftruncate(fd, PAGE))
        return;
    uint8_t *writable = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    uint8_t *executable = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        write_adder(writable + 128, i ^ 0x55);
        serialise();
        sum = sum * 3 + ((function *)(executable + 128))(i);
    }
    printf("through a second mapping: %u\n", sum);

    uint8_t code[8];
    write_adder(code, 4242);
    if (pwrite(fd, code, sizeof code, 128) != sizeof code)
        return;
    serialise();
    printf("through the descriptor: %u\n", ((function *)(executable + 128))(0));
    munmap(writable, PAGE);
    munmap(executable, PAGE);
    close(fd);
}

static void replaced(uint8_t *page)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 50; i++) {
        mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        write_adder(page, i * i);
        mprotect(page, PAGE, PROT_READ | PROT_EXEC);
        sum += ((function *)page)(1);
    }
    printf("by a new mapping: %u\n", sum);
}

static void moved(uint8_t *page)
{
    uint8_t *other = mmap(NULL, PAGE, rwx, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *free_place = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    write_adder(other, 1000000);
    uint32_t before = ((function *)other)(1);
    mremap(other, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, free_place);
    uint32_t after = ((function *)free_place)(2);
    mremap(free_place, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page);
    printf("by mremap: %u %u %u\n", before, after, ((function *)page)(3));
}

int main(void)
{
    uint8_t *pages = mmap(NULL, 2 * PAGE, rwx, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    rewritten(pages);
    several_places(pages);
    by_itself(pages);
    by_a_string(pages);
    second_mapping();
    replaced(pages);
    moved(pages);
    return 0;
}
