// What a machine is told once about the host and the user it starts for.
import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { RLIMIT_NOFILE, defaultRlimits } from "../linux/index.ts";
import type { HostTime, Rlimit, StartOptions } from "../linux/index.ts";

/** Real time, to the host clock's microsecond. */
export function hostTime(): HostTime {
  const ms = performance.timeOrigin + performance.now();
  const sec = Math.floor(ms / 1000);
  return { sec, nsec: Math.floor((ms - sec * 1000) * 1000) * 1000 };
}

/** As a process that this one's user had started here and now. */
export function hostStart(): StartOptions {
  return {
    time: hostTime(),
    seed: randomFillSync(new Uint8Array(32)),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    groups: groups(),
    umask: umask(),
    limits: limits(),
  };
}

/** Limits by RLIMIT_* number, which is the order of the lines of /proc/PID/limits; undefined where the host has no such file. */
function limitsOf(pid: number | "self"): Rlimit[] | undefined {
  try {
    const rows = readFileSync(`/proc/${pid}/limits`, "latin1").matchAll(/^Max .{22}(\w+) +(\w+)/gm);
    const number = (text: string | undefined): number => (text === "unlimited" ? Infinity : Number(text));
    return Array.from(rows, ([, soft, hard]) => ({ soft: number(soft), hard: number(hard) }));
  } catch {
    return undefined;
  }
}

function limits(): readonly Rlimit[] {
  const usual = defaultRlimits();
  const own = limitsOf("self");
  if (own?.length !== usual.length) return usual;
  // Node raises its soft limit of open files to the hard one as it starts; whoever started it still has the limit it got.
  const files = own[RLIMIT_NOFILE];
  const inherited = limitsOf(process.ppid)?.[RLIMIT_NOFILE] ?? usual[RLIMIT_NOFILE];
  if (files && inherited) files.soft = Math.min(inherited.soft, files.hard);
  return own;
}

/** The text of `name:` in /proc/self/status; undefined where the host has no such file. */
function status(name: string): string | undefined {
  try {
    return new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  } catch {
    return undefined;
  }
}

/** The process's umask without setting it, where the host tells. */
function umask(): number {
  const text = status("Umask");
  return text === undefined ? process.umask() : Number.parseInt(text, 8);
}

/** Supplementary groups as getgroups(2) gives them: Node adds the effective one. */
function groups(): readonly number[] {
  const text = status("Groups");
  return text === undefined ? (process.getgroups?.() ?? []) : text.split(" ").filter(Boolean).map(Number);
}
