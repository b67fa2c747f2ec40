/** Resource limits and usage: getrlimit(2), getrusage(2). */
import { struct, type Struct } from "./struct.ts";

/** Limit numbers, in their order. */
export const RLIMITS = [
  "RLIMIT_CPU",
  "RLIMIT_FSIZE",
  "RLIMIT_DATA",
  "RLIMIT_STACK",
  "RLIMIT_CORE",
  "RLIMIT_RSS",
  "RLIMIT_NPROC",
  "RLIMIT_NOFILE",
  "RLIMIT_MEMLOCK",
  "RLIMIT_AS",
  "RLIMIT_LOCKS",
  "RLIMIT_SIGPENDING",
  "RLIMIT_MSGQUEUE",
  "RLIMIT_NICE",
  "RLIMIT_RTPRIO",
  "RLIMIT_RTTIME",
] as const;

export const RLIMIT_CPU = 0;
export const RLIMIT_FSIZE = 1;
export const RLIMIT_DATA = 2;
export const RLIMIT_STACK = 3;
export const RLIMIT_NOFILE = 7;

/** Soft and hard limit; `Infinity` is RLIM_INFINITY. */
export interface Rlimit {
  soft: number;
  hard: number;
}

const MIB = 1024 * 1024;

/** What a login shell on a usual distribution has; the machine's caller may replace it. */
export function defaultRlimits(): Rlimit[] {
  const limits: Rlimit[] = RLIMITS.map(() => ({ soft: Infinity, hard: Infinity }));
  const set = (name: (typeof RLIMITS)[number], soft: number, hard: number): void => {
    limits[RLIMITS.indexOf(name)] = { soft, hard };
  };
  set("RLIMIT_STACK", 8 * MIB, Infinity);
  set("RLIMIT_CORE", 0, Infinity);
  set("RLIMIT_NPROC", 32768, 32768);
  set("RLIMIT_NOFILE", 1024, 1048576);
  set("RLIMIT_MEMLOCK", 8 * MIB, 8 * MIB);
  set("RLIMIT_SIGPENDING", 32768, 32768);
  set("RLIMIT_MSGQUEUE", 819200, 819200);
  set("RLIMIT_NICE", 0, 0);
  set("RLIMIT_RTPRIO", 0, 0);
  return limits;
}

export const rlimit: Struct<{ readonly rlim_cur: "u64"; readonly rlim_max: "u64" }> = struct({ rlim_cur: "u64", rlim_max: "u64" });

export const RUSAGE_SELF = 0;
export const RUSAGE_CHILDREN = -1;
export const RUSAGE_THREAD = 1;

type RusageFields = {
  readonly [K in
    | "utime_sec"
    | "utime_usec"
    | "stime_sec"
    | "stime_usec"
    | "maxrss"
    | "ixrss"
    | "idrss"
    | "isrss"
    | "minflt"
    | "majflt"
    | "nswap"
    | "inblock"
    | "oublock"
    | "msgsnd"
    | "msgrcv"
    | "nsignals"
    | "nvcsw"
    | "nivcsw"]: "i64";
};
export const rusage: Struct<RusageFields> = struct({
  utime_sec: "i64",
  utime_usec: "i64",
  stime_sec: "i64",
  stime_usec: "i64",
  maxrss: "i64",
  ixrss: "i64",
  idrss: "i64",
  isrss: "i64",
  minflt: "i64",
  majflt: "i64",
  nswap: "i64",
  inblock: "i64",
  oublock: "i64",
  msgsnd: "i64",
  msgrcv: "i64",
  nsignals: "i64",
  nvcsw: "i64",
  nivcsw: "i64",
});

export const PRIO_PROCESS = 0;
export const PRIO_PGRP = 1;
export const PRIO_USER = 2;
