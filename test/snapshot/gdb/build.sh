#!/bin/sh
# Builds the program that gdb is shown.
set -e
cd "$(dirname "$0")"
gcc -O0 -static -nostdlib -fno-stack-protector -fno-pie -no-pie -fno-omit-frame-pointer -fasynchronous-unwind-tables -Wl,--build-id=none -o program program.c
strip --strip-debug program
gcc -O0 -static -nostdlib -fno-stack-protector -fno-pie -no-pie -mavx2 -Wl,--build-id=none -o vectors vectors.c
strip --strip-debug vectors
