/** Types of values that more than one layout of this room has. */

import type { ValueType } from "../base/index.ts";
import { byteText, bytes, i32, int, list, oneOf, struct, u16, u32, whole, wholeOrInfinity } from "../base/index.ts";
import type { Rlimit } from "./abi/resource.ts";
import type { SigSet } from "./abi/sigset.ts";
import type { Instant } from "./clock.ts";
import type { HostStat, HostStream } from "./inputs.ts";
import type { StartOptions } from "./kernel.ts";
import type { AltStack, Pending, SigAction, SigInfo } from "./signals/types.ts";

/** A half of a 64-bit value, whichever way its sign is told. */
const half = int(-0x8000_0000, 0xffff_ffff);

export const time: ValueType<Instant> = struct({ sec: whole, nsec: int(0, 999_999_999) });

export const sigSet: ValueType<SigSet> = struct({ low: half, high: half });

export const rlimit: ValueType<Rlimit> = struct({ soft: wholeOrInfinity, hard: wholeOrInfinity });

export const sigInfo: ValueType<SigInfo> = struct(
  { kind: oneOf("kill", "fault", "timer", "child", "queue", "poll", "sys"), signal: int(1, 64), code: i32 },
  {
    pid: whole,
    uid: whole,
    address: whole,
    status: whole,
    utime: whole,
    stime: whole,
    timer: whole,
    overrun: whole,
    valueLow: half,
    valueHigh: half,
    band: whole,
    fd: whole,
    callAddress: whole,
    syscall: whole,
    raw: bytes,
  },
);

export const pending: ValueType<Pending> = struct({ set: sigSet, queue: list(sigInfo) });

export const sigAction: ValueType<SigAction> = struct({ handler: whole, flags: half, restorer: whole, mask: sigSet });

export const altStack: ValueType<AltStack> = struct({ sp: whole, flags: half, size: whole });

export const hostStat: ValueType<HostStat> = struct({
  dev: whole,
  ino: whole,
  mode: u32,
  nlink: whole,
  uid: whole,
  gid: whole,
  rdev: whole,
  size: whole,
  blksize: whole,
  blocks: whole,
  atime: time,
  mtime: time,
  ctime: time,
});

export const streamInfo: ValueType<HostStream> = struct(
  { kind: oneOf("file", "pipe", "terminal", "socket", "null", "other"), stat: hostStat, flags: u32, name: byteText },
  {
    offset: whole,
    sameAs: int(0, 2),
    windowSize: struct({ rows: int(), columns: int(), xpixel: int(), ypixel: int() }),
    termios: struct({ iflag: u32, oflag: u32, cflag: u32, lflag: u32, cc: list(u16) }),
    takeover: oneOf("now", "later", "never"),
  },
);

/** How the machine started. The seed is in the random source's state. */
export const startType: ValueType<StartOptions> = struct(
  { time, uid: int(), gid: int(), umask: int(0, 0o777), limits: list(rlimit, 16), seed: bytes },
  { groups: list(int()), hostname: byteText, home: byteText, memorySize: int(), cpuinfo: byteText, hwcap: int(), hwcap2: int() },
);
