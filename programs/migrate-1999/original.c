/*
 * The mail's program, completed so that it compiles today: SIGUSR1 saves, SIGUSR2 restores. What the mail left out is filled in as its words
 * say; what it does wrong is left wrong. glibc has since hidden the frame and stack pointers in a jmp_buf, so they are asked of the compiler.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>
#include "mymain.h"

#define STACKSIZE 8192

static const char *program;

static struct MIGENV {
  long FSF;        /* address of first stack frame */
  long *TMP_STACK; /* pointer to temporary stack */
  jmp_buf orig_env, new_env;
} migenv;

static void resumeOK(void) { puts("Resumed"); }

static void checkpoint(int signal) {
  (void)signal;
  if (setjmp(migenv.orig_env) == 0) {
    long SP = (long)__builtin_frame_address(0);
    FILE *fd = fopen("checkpt.dat", "w+");
    fwrite(&migenv.orig_env, 1, sizeof(jmp_buf), fd);
    fwrite(&migenv.FSF, 1, sizeof(migenv.FSF), fd);
    fwrite((long *)SP, sizeof(long), migenv.FSF - SP + 8, fd);
    fclose(fd);

    /* get BSS start address and BSS size */
    char command[200];
    snprintf(command, sizeof command, "size -A %s | grep '^\\.bss' > sections.dat", program);
    if (system(command) != 0) puts("no sections");
    char s[10];
    unsigned long BSS = 0, BSS_size = 0;
    fd = fopen("sections.dat", "r+");
    if (fscanf(fd, "%9s %lu %lu \n", s, &BSS_size, &BSS) != 3) puts("no bss");
    /* find end address of heap */
    unsigned long HEAP_end = (unsigned long)sbrk(0);
    fprintf(fd, "%lu", HEAP_end);
    fclose(fd);

    /* write uninitialized data and heap to data.dat file */
    fd = fopen("data.dat", "w+");
    fwrite((void *)BSS, 1, HEAP_end - BSS, fd);
    fclose(fd);
    _exit(0);
  } else {
    /* when state is restored by longjmp, program continues from here. */
    resumeOK();
  }
}

static void restore_data(void) {
  char s[10];
  unsigned long BSS = 0, BSS_size = 0, HEAP_end = 0;
  FILE *fd = fopen("sections.dat", "r");
  if (fscanf(fd, "%9s %lu %lu \n", s, &BSS_size, &BSS) != 3) puts("no bss");
  if (fscanf(fd, "%lu", &HEAP_end) != 1) puts("no heap");
  fclose(fd);

  /* Now allocate space from heap and restore heap, then restore uninitialized data segment */
  if (brk((void *)HEAP_end) != 0) puts("no room");
  fd = fopen("data.dat", "r");
  if (fread((void *)BSS, 1, HEAP_end - BSS, fd) == 0) puts("no data");
  fclose(fd);
  puts("BSS Section Restored");
}

static void restore_stack(void) {
  long SP = (long)__builtin_frame_address(0);
  FILE *fd = fopen("checkpt.dat", "r");
  if (fread(&migenv.orig_env, 1, sizeof(migenv.orig_env), fd) == 0) puts("no registers");
  if (fread(&migenv.FSF, 1, sizeof(migenv.FSF), fd) == 0) puts("no frame");
  if (fread((long *)SP, sizeof(long), migenv.FSF - SP + 8, fd) == 0) puts("no stack");
  fclose(fd);
  longjmp(migenv.orig_env, 1);
}

static void resume(int signal) {
  (void)signal;
  puts("Restoring Data Section");
  restore_data();
  puts("Restoring Stack Section");
  migenv.TMP_STACK = malloc(STACKSIZE);
  /* The mail changes to TMP_STACK by writing into a jmp_buf here, which glibc no longer lets it do. */
  puts("Running On Temporary Stack");
  restore_stack();
}

int main(int argc, char **argv) {
  program = argv[0];
  signal(SIGUSR1, checkpoint);
  signal(SIGUSR2, resume);
  migenv.FSF = (long)__builtin_frame_address(0);
  return mymain(argc > 1 ? atoi(argv[1]) : 20);
}
