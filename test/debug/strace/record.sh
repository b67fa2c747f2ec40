#!/bin/sh
# Records what strace(1) prints natively for tests of test/linux/calls, as root, on tmpfs and without address randomisation. What differs
# from run to run is made alike: stack addresses, process ids, and the first line's program path.
set -e
cd "$(dirname "$0")"
here=$PWD
calls=$(cd ../../linux/calls && pwd)/calls
for name in ${*:-append deleted descriptors epoll eventfd faults links listing locks modes names nesting open poll seek select truncation}; do
  "$calls" | grep -qx "$name" || continue
  work=$(mktemp -d -p /dev/shm)
  (cd "$work" && umask 022 && env -i setarch -R strace -o "$work/.trace" "$calls" "$name" </dev/null >/dev/null 2>&1) || true
  pid=$(sed -n 's/^set_tid_address(.*) *= //p' "$work/.trace")
  sed -e 1d -e 's/0x7ff[0-9a-f]\{9\}/STACK/g' -e "s/\b$pid\b/PID/g" -e 's/ *= / = /' "$work/.trace" >"$here/$name.txt"
  rm -rf "$work"
done
