/**
 * What the file system asks of its surroundings and tells to its callers. Paths, names and link targets are byte strings:
 * one character (0 to 255) for each byte.
 */

import type { AddressSpace } from "../../memory/index.ts";
import type { Time } from "../abi/stat.ts";
import type { Dentry } from "./inode.ts";
import type { Descriptors } from "./descriptors.ts";

export type { Time };

/** Virtual time: the kernel's CLOCK_REALTIME. */
export interface Clock {
  now(): Time;
}

/** The guest's random generator, seeded from outside and part of the state. */
export interface RandomSource {
  fill(into: Uint8Array): void;
}

/** Who acts: user and group for file access (fsuid, fsgid) with the supplementary groups. uid 0 has all capabilities. */
export interface Credentials {
  readonly fsuid: number;
  readonly fsgid: number;
  readonly groups: readonly number[];
  /** Real ids, which access(2) uses. */
  readonly uid: number;
  readonly gid: number;
}

/** Shared by tasks as CLONE_FS says. */
export interface FsState {
  root: Dentry;
  cwd: Dentry;
  umask: number;
}

/** The part of a task that file operations need. A kernel task implements it as it is. */
export interface Caller {
  readonly fs: FsState;
  readonly credentials: Credentials;
  readonly files: Descriptors;
  /** Process id (thread group) and thread id: /proc/self, /proc/thread-self, owners of locks. */
  readonly pid: number;
  readonly tid: number;
  /** RLIMIT_FSIZE in bytes; Infinity where unlimited. Writes beyond it are cut, or EFBIG (and SIGXFSZ, which the kernel raises). */
  readonly fileSizeLimit: number;
}

/** A call's result where it must wait: readiness of the file it was made on. Never a valid count. */
export const BLOCK = -1;

/** Guest memory as ioctl needs it; AddressSpace is one. Both return the number of bytes copied. */
export interface GuestMemory {
  copyIn(address: number, into: Uint8Array): number;
  copyOut(address: number, from: Uint8Array): number;
}

/** Attributes to change; what is absent stays. */
export interface Attributes {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly atime?: Time;
  readonly mtime?: Time;
}

/** utimensat(2): a time, or what stands for it. */
export type TimeChange = Time | "now" | "omit";

/** A process as /proc shows it. Implemented by the kernel. Times are in nanoseconds of virtual time. */
export interface ProcProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  /** Threads in order, the first is the process itself. */
  threads(): readonly ProcThread[];
  /** Program file; null for a process without one. */
  readonly exe: Dentry | null;
  readonly fs: FsState;
  readonly files: Descriptors;
  readonly credentials: ProcCredentials;
  /** argv and environ as they lie in memory now (each string ends in zero). */
  cmdline(): Uint8Array;
  environ(): Uint8Array;
  auxv(): Uint8Array;
  readonly memory: AddressSpace;
  readonly userTime: number;
  readonly systemTime: number;
  /** Time after boot at which it started. */
  readonly startTime: number;
  readonly nice: number;
  readonly signals: ProcSignals;
  /** Soft and hard limit by RLIMIT_* number; Infinity is unlimited. */
  limits(): readonly (readonly [soft: number, hard: number])[];
  readonly noNewPrivs: boolean;
}

export interface ProcThread {
  readonly tid: number;
  /** At most 15 bytes. */
  comm: string;
  /** "R", "S", "D", "T", "t", "Z". */
  readonly state: string;
}

export interface ProcCredentials {
  readonly uids: readonly [real: number, effective: number, saved: number, fs: number];
  readonly gids: readonly [real: number, effective: number, saved: number, fs: number];
  readonly groups: readonly number[];
}

/** Signal sets with signal n in bit n-1. */
export interface ProcSignals {
  readonly pendingThread: bigint;
  readonly pendingProcess: bigint;
  readonly blocked: bigint;
  readonly ignored: bigint;
  readonly caught: bigint;
}

/** The system as /proc shows it. Implemented by the kernel. */
export interface ProcSource {
  /** Live process ids, ascending. */
  pids(): readonly number[];
  process(pid: number): ProcProcess | undefined;
  /** Nanoseconds since boot, and of those spent idle. */
  uptime(): { readonly total: number; readonly idle: number };
  /** Memory of the machine in bytes, as sysinfo(2) tells it. */
  memory(): { readonly total: number; readonly free: number; readonly shared: number };
  /** struct utsname. */
  readonly uname: {
    readonly sysname: string;
    nodename: string;
    readonly release: string;
    readonly version: string;
    readonly machine: string;
    domainname: string;
  };
  /** The whole text of /proc/cpuinfo. */
  cpuinfo(): string;
  /** Virtual time of boot, in seconds since the epoch. */
  readonly bootTime: number;
  readonly lastPid: number;
}
