#include <stdio.h>

int main(void)
{
    printf("Hello from %s, %d + %d = %d.\n", "musl", 2, 3, 2 + 3);
    return 0;
}
