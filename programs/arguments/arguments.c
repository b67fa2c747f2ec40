/* Shows what a process is given at start: arguments, environment, auxiliary vector, standard input. */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    printf("argc %d\n", argc);
    for (int i = 1; i < argc; i++)
        printf("argv[%d] \"%s\"\n", i, argv[i]);
    for (char **entry = environ; *entry; entry++)
        printf("env \"%s\"\n", *entry);
    printf("argv ends with NULL: %d\n", argv[argc] == NULL);

    printf("AT_PAGESZ %lu\n", getauxval(AT_PAGESZ));
    printf("AT_CLKTCK %lu\n", getauxval(AT_CLKTCK));
    printf("AT_PHENT %lu\n", getauxval(AT_PHENT));
    printf("AT_SECURE %lu\n", getauxval(AT_SECURE));
    printf("AT_PLATFORM %s\n", (const char *)getauxval(AT_PLATFORM));
    const char *path = (const char *)getauxval(AT_EXECFN);
    const char *slash = strrchr(path, '/');
    printf("AT_EXECFN %s\n", slash ? slash + 1 : path);
    printf("AT_RANDOM is there: %d\n", getauxval(AT_RANDOM) != 0);
    const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
    unsigned long loads = 0;
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
        loads += headers[i].p_type == PT_LOAD;
    printf("PT_LOAD segments seen: %d\n", loads > 0);
    printf("stack pointer below argv: %d, argv 8-byte aligned: %d\n", (char *)__builtin_frame_address(0) < (char *)argv,
           ((unsigned long)argv & 7) == 0);

    char line[256];
    int number = 0;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        printf("stdin %d \"%s\" (%zu bytes)\n", ++number, line, strlen(line));
    }
    fprintf(stderr, "done after %d lines\n", number);
    return 40 + number;
}
