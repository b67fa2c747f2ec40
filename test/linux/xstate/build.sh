#!/bin/sh
# Builds the test program and, natively, what it prints.
set -e
cd "$(dirname "$0")"
musl-gcc -static -O1 -Wall -s -o xstate xstate.c
./xstate >expected.txt
