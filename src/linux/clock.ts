/**
 * Virtual time. One instruction is one nanosecond; when nothing can run, time jumps to the next deadline. Everything is counted in
 * nanoseconds since the machine's start, which is exact in a number for 104 days; only what a guest is told is converted.
 */
import { COARSE_TICK, NS_PER_SECOND } from "./abi/time.ts";

/** Seconds and nanoseconds, 0 <= nsec < 10^9. */
export interface Instant {
  readonly sec: number;
  readonly nsec: number;
}

/** CLOCK_MONOTONIC and CLOCK_BOOTTIME at the machine's start: a guest never sees a system that booted this very moment. */
export const UPTIME_AT_START: number = 1000 * NS_PER_SECOND;

export class Clock {
  /** Nanoseconds since the machine's start. */
  now = 0;
  /** Real time at the machine's start, moved by clock_settime(2). */
  start: Instant;

  constructor(start: Instant) {
    this.start = start;
  }

  /** CLOCK_REALTIME. */
  real(): Instant {
    return addNs(this.start, this.now);
  }

  /** CLOCK_MONOTONIC in nanoseconds. */
  monotonic(): number {
    return this.now + UPTIME_AT_START;
  }

  /** CLOCK_REALTIME_COARSE: real time at the last tick. */
  realCoarse(): Instant {
    return addNs(this.start, this.now - (this.now % COARSE_TICK));
  }

  /** Machine nanoseconds at which real time is `at`; negative for times before the machine's start. */
  fromReal(at: Instant): number {
    return (at.sec - this.start.sec) * NS_PER_SECOND + (at.nsec - this.start.nsec);
  }

  /** Machine nanoseconds at which CLOCK_MONOTONIC is `at` nanoseconds. */
  fromMonotonic(at: number): number {
    return at - UPTIME_AT_START;
  }
}

/** `instant` + `ns`. */
export function addNs(instant: Instant, ns: number): Instant {
  const sum = instant.nsec + ns;
  const carry = Math.floor(sum / NS_PER_SECOND);
  return { sec: instant.sec + carry, nsec: sum - carry * NS_PER_SECOND };
}

/** Nanoseconds as an instant. */
export function toInstant(ns: number): Instant {
  return addNs({ sec: 0, nsec: 0 }, ns);
}
