#!/bin/sh
# Builds the test program and, natively and on tmpfs, its golden outputs: one file for each test, with the status at its end.
set -e
cd "$(dirname "$0")"
musl-gcc -static -O1 -Wall -Wno-nonnull -Wno-unused-result -s -o calls *.c
mkdir -p expected
for name in $(./calls); do
  here=$PWD
  work=$(mktemp -d -p /dev/shm)
  chmod 755 "$work"
  (cd "$work" && umask 022 && { status=0; timeout --foreground 20 "$here/calls" "$name" </dev/null 2>/dev/null || status=$?; echo "status $status"; } | cat >"$here/expected/$name.txt")
  rm -rf "$work"
done
