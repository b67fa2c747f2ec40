/* The mail's mymain and nothing else: saving and continuing it is the machine's business. */
#include "mymain.h"

int main(int argc, char **argv) { return mymain(argc > 1 ? atoi(argv[1]) : 20); }
