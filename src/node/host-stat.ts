// stat(2) as Node tells it, in the numbers of a request's answer.
import type { BigIntStats } from "node:fs";
import type { HostStat, HostTime } from "../linux/index.ts";

/** Inode and device numbers keep their low 53 bits, the part a number holds exactly. */
function low53(value: bigint): number {
  return Number(BigInt.asUintN(53, value));
}

function time(ns: bigint): HostTime {
  const second = 1_000_000_000n;
  const nsec = ((ns % second) + second) % second;
  return { sec: Number((ns - nsec) / second), nsec: Number(nsec) };
}

export function toHostStat(s: BigIntStats): HostStat {
  return {
    dev: low53(s.dev),
    ino: low53(s.ino),
    mode: Number(s.mode),
    nlink: Number(s.nlink),
    uid: Number(s.uid),
    gid: Number(s.gid),
    rdev: low53(s.rdev),
    size: Number(s.size),
    blksize: Number(s.blksize),
    blocks: Number(s.blocks),
    atime: time(s.atimeNs),
    mtime: time(s.mtimeNs),
    ctime: time(s.ctimeNs),
  };
}
