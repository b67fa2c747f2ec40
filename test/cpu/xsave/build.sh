#!/bin/sh
# Builds the test program and, natively, what it prints.
set -e
cd "$(dirname "$0")"
gcc -O1 -std=gnu17 -Wall -Wextra -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie -no-pie -fcf-protection=none -mgeneral-regs-only \
  -s -Wl,--build-id=none -Wl,-z,noexecstack -o xsave xsave.c
timeout 10 ./xsave 1 4000 >expected.txt
