#!/bin/sh
# Builds the committed runner: no library, no build id, nothing of the host's paths.
cd "$(dirname "$0")" || exit 1
exec gcc -O2 -std=gnu17 -Wall -Wextra -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie -no-pie -fcf-protection=none -mgeneral-regs-only \
  -s -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-Ttext-segment=0x10000000 -o runner runner.c
