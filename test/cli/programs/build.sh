#!/bin/sh
# Builds the programs of test/cli: crash with frame pointers, and without.
set -e
cd "$(dirname "$0")"
flags="-static -nostdlib -nostartfiles -fno-pie -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none -Wl,--build-id=none -Wl,-z,norelro -Wl,-z,noexecstack"
gcc $flags -O2 -o copy copy.c
gcc $flags -O2 -o crash crash.c
gcc $flags -O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls -o crash-frames crash.c
gcc $flags -O2 -o reads-itself reads-itself.c
