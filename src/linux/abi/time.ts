/** Clocks and time structures: linux/time.h, clock_gettime(2), setitimer(2), times(2). */
import { struct, type Struct } from "./struct.ts";

export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_PROCESS_CPUTIME_ID = 2;
export const CLOCK_THREAD_CPUTIME_ID = 3;
export const CLOCK_MONOTONIC_RAW = 4;
export const CLOCK_REALTIME_COARSE = 5;
export const CLOCK_MONOTONIC_COARSE = 6;
export const CLOCK_BOOTTIME = 7;
export const CLOCK_REALTIME_ALARM = 8;
export const CLOCK_BOOTTIME_ALARM = 9;
export const CLOCK_TAI = 11;

export const CLOCKS: Readonly<Record<string, number>> = {
  CLOCK_REALTIME,
  CLOCK_MONOTONIC,
  CLOCK_PROCESS_CPUTIME_ID,
  CLOCK_THREAD_CPUTIME_ID,
  CLOCK_MONOTONIC_RAW,
  CLOCK_REALTIME_COARSE,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_BOOTTIME,
  CLOCK_REALTIME_ALARM,
  CLOCK_BOOTTIME_ALARM,
  CLOCK_TAI,
};

export const TIMER_ABSTIME = 1;

export const ITIMER_REAL = 0;
export const ITIMER_VIRTUAL = 1;
export const ITIMER_PROF = 2;

/** Clock ticks a second that user space sees: sysconf(_SC_CLK_TCK). */
export const USER_HZ = 100;
/** Nanoseconds between ticks of the coarse clocks: CONFIG_HZ=250. */
export const COARSE_TICK = 4_000_000;

export const NS_PER_SECOND = 1_000_000_000;

export const timespec: Struct<{ readonly tv_sec: "i64"; readonly tv_nsec: "i64" }> = struct({ tv_sec: "i64", tv_nsec: "i64" });
export const timeval: Struct<{ readonly tv_sec: "i64"; readonly tv_usec: "i64" }> = struct({ tv_sec: "i64", tv_usec: "i64" });
/** it_interval first, as struct itimerval and struct itimerspec both are; `fraction` is microseconds in the one, nanoseconds in the other. */
export const itimer: Struct<{
  readonly interval_sec: "i64";
  readonly interval_fraction: "i64";
  readonly value_sec: "i64";
  readonly value_fraction: "i64";
}> = struct({ interval_sec: "i64", interval_fraction: "i64", value_sec: "i64", value_fraction: "i64" });
export const timezone: Struct<{ readonly tz_minuteswest: "i32"; readonly tz_dsttime: "i32" }> = struct({
  tz_minuteswest: "i32",
  tz_dsttime: "i32",
});
export const tms: Struct<{ readonly utime: "i64"; readonly stime: "i64"; readonly cutime: "i64"; readonly cstime: "i64" }> = struct({
  utime: "i64",
  stime: "i64",
  cutime: "i64",
  cstime: "i64",
});
