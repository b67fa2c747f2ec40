/* Counts the words of a text and prints them by frequency, then alphabetically: strings, malloc, qsort, stdio. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
    "A process is its memory and its registers, and everything the kernel knows about it. "
    "Whoever writes only the memory to a file has not saved the process; whoever saves it from the inside "
    "changes what is being saved. The machine that runs the process from the outside sees all of it: "
    "the memory, the registers, the open files, the handlers, the clock. It can stop at any instruction, "
    "write everything to one file, and continue the process from the file, on the same machine or on another. "
    "The process cannot tell. What it can see is what it was told, and it was told the same thing twice.";

struct word {
    char *letters;
    int count;
    struct word *next;
};

enum { BUCKETS = 64 };
static struct word *table[BUCKETS];
static int distinct;

static unsigned hash(const char *s)
{
    unsigned h = 5381;
    while (*s)
        h = h * 33 + (unsigned char)*s++;
    return h % BUCKETS;
}

static void count(const char *letters)
{
    struct word **link = &table[hash(letters)];
    for (; *link; link = &(*link)->next)
        if (strcmp((*link)->letters, letters) == 0) {
            (*link)->count++;
            return;
        }
    struct word *word = malloc(sizeof *word);
    word->letters = strdup(letters);
    word->count = 1;
    word->next = NULL;
    *link = word;
    distinct++;
}

static int by_frequency(const void *a, const void *b)
{
    const struct word *x = *(struct word *const *)a, *y = *(struct word *const *)b;
    return x->count != y->count ? y->count - x->count : strcmp(x->letters, y->letters);
}

int main(void)
{
    char current[64];
    size_t length = 0;
    int words = 0, sentences = 0;
    for (const char *p = text;; p++) {
        if (isalpha((unsigned char)*p) && length < sizeof current - 1) {
            current[length++] = (char)tolower((unsigned char)*p);
            continue;
        }
        if (length) {
            current[length] = 0;
            count(current);
            words++;
            length = 0;
        }
        sentences += *p == '.';
        if (!*p)
            break;
    }

    struct word **all = calloc((size_t)distinct, sizeof *all), **out = all;
    for (int i = 0; i < BUCKETS; i++)
        for (struct word *word = table[i]; word; word = word->next)
            *out++ = word;
    qsort(all, (size_t)distinct, sizeof *all, by_frequency);

    printf("%zu characters, %d sentences, %d words, %d distinct\n", strlen(text), sentences, words, distinct);
    for (int i = 0; i < distinct; i++)
        printf("%3d %-12s%s", all[i]->count, all[i]->letters, i % 4 == 3 ? "\n" : "");
    putchar('\n');

    char joined[64] = "";
    for (int i = 0; i < 8; i++)
        snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s", i ? "," : "", all[i]->letters);
    puts(joined);
    for (char *rest = joined, *token; (token = strsep(&rest, ",")) != NULL;)
        printf("%s%c", token, rest ? '|' : '\n');
    printf("%s %s\n", strstr(text, "registers") ? "found" : "missing", strstr(text, "thread") ? "found" : "missing");
    return 0;
}
