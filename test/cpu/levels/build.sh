#!/bin/sh
# Builds programs of programs/ for the levels v2 and v3 of x86-64, and the test of the C library's string functions; records what a program prints that is not what it
# prints elsewhere (fused multiply-add rounds once).
set -e
cd "$(dirname "$0")"
for level in v2 v3; do
  for name in arithmetic collatz floating mandelbrot sha256 text; do
    case $name in floating) options="-frounding-math -fno-builtin" ;; *) options= ;; esac
    musl-gcc -O3 -march=x86-64-$level $options -static -s -Wl,--build-id=none -o $name-$level ../../../programs/$name/$name.c -lm
  done
done
./floating-v3 >floating-v3.txt
gcc -O1 -Wall -fno-builtin -static -s -Wl,--build-id=none -o strings strings.c
./strings >strings.txt
