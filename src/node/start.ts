// What a machine is told once about the host and the user it starts for.
import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import type { HostTime } from "../linux/index.ts";

/** Start values in the host's terms; see credentials(7). */
export interface HostStart {
  readonly time: HostTime;
  /** 32 bytes for the guest's random numbers. */
  readonly seed: Uint8Array;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  readonly umask: number;
}

/** Real time, to the host clock's microsecond. */
export function hostTime(): HostTime {
  const ms = performance.timeOrigin + performance.now();
  const sec = Math.floor(ms / 1000);
  return { sec, nsec: Math.floor((ms - sec * 1000) * 1000) * 1000 };
}

export function hostStart(): HostStart {
  return {
    time: hostTime(),
    seed: randomFillSync(new Uint8Array(32)),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
    umask: umask(),
  };
}

/** The process's umask without setting it, where the host tells. */
function umask(): number {
  try {
    const match = /^Umask:\s*([0-7]+)$/m.exec(readFileSync("/proc/self/status", "latin1"));
    if (match) return Number.parseInt(match[1] ?? "22", 8);
  } catch {
    // not Linux
  }
  return process.umask();
}

/** The same start for everybody: --deterministic. */
export function fixedStart(): HostStart {
  return { time: { sec: FIXED_TIME, nsec: 0 }, seed: new Uint8Array(32), uid: FIXED_ID, gid: FIXED_ID, groups: [FIXED_ID], umask: 0o022 };
}

/** 2000-01-01 00:00:00 UTC. */
const FIXED_TIME = 946_684_800;
const FIXED_ID = 1000;
