/* The Mandelbrot set in characters: double arithmetic in an inner loop. */
#include <stdio.h>

int main(void)
{
    static const char shades[] = " .,:;-+=*%#@";
    long total = 0;
    for (int row = -15; row <= 15; row++) {
        char line[80];
        int n = 0;
        for (int column = -52; column <= 24; column++) {
            double cx = column / 24.0, cy = row / 12.0, x = 0, y = 0;
            int i = 0;
            while (i < 1000 && x * x + y * y < 4.0) {
                double next = x * x - y * y + cx;
                y = 2.0 * x * y + cy;
                x = next;
                i++;
            }
            total += i;
            line[n++] = i == 1000 ? '@' : shades[i < 11 ? i : 10];
        }
        while (n && line[n - 1] == ' ')
            n--;
        line[n] = 0;
        puts(line);
    }
    printf("%ld iterations\n", total);
    return 0;
}
