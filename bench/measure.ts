// One timed run of one case by one engine, and the little statistics of the tables.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { BenchCase } from "./cases.ts";

export type Engine = "native" | "qemu" | "tsvm";

/** What `tsvm run --stats` says in its last line. */
export interface Stats {
  readonly instructions: number;
  readonly seconds: number;
  readonly millionPerSecond: number;
  /** Peak resident set of the whole tsvm process, MB (10^6 bytes). */
  readonly rss: number;
}

export interface Sample {
  readonly engine: Engine;
  readonly seconds: number;
  readonly status: number;
  /** SHA-256 of standard output. */
  readonly digest: string;
  readonly stats: Stats | undefined;
  /** Why the run does not count. */
  readonly problem: string | undefined;
}

export const root: string = fileURLToPath(new URL("..", import.meta.url));

/** By its whole path: a case's environment has a PATH of its own. */
const qemu: string = spawnSync("/bin/sh", ["-c", "command -v qemu-x86_64"], { encoding: "latin1" }).stdout.trim();

/** Whether this host has the engine. */
export function has(engine: Engine): boolean {
  return engine !== "qemu" || qemu !== "";
}

function commandOf(engine: Engine, c: BenchCase): string[] {
  const { argv } = c;
  if (engine === "native") return argv;
  if (engine === "qemu") return [qemu, ...argv];
  const env = Object.entries(c.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  return [process.execPath, `${root}bin/tsvm.js`, "run", "--stats", ...c.tsvmOptions, ...env, "--", ...argv];
}

const statsLine = /^tsvm: ([\d,]+) instructions in ([\d.]+) s, ([\d.]+) million a second;.* host memory ([\d.]+) MB$/m;

export function parseStats(stderr: string): Stats | undefined {
  const match = statsLine.exec(stderr);
  if (!match) return undefined;
  const [instructions, seconds, millionPerSecond, rss] = match.slice(1).map((text) => Number(text.replaceAll(",", ""))) as [
    number,
    number,
    number,
    number,
  ];
  return { instructions, seconds, millionPerSecond, rss };
}

export function runOnce(engine: Engine, c: BenchCase, timeout: number): Sample {
  c.prepare();
  const [program, ...args] = commandOf(engine, c) as [string, ...string[]];
  const env = engine === "tsvm" ? process.env : c.env;
  const started = process.hrtime.bigint();
  const run = spawnSync(program, args, {
    cwd: c.cwd,
    env: { PATH: process.env["PATH"], ...env },
    input: c.input,
    timeout: timeout * 1000,
    maxBuffer: 1 << 30,
  });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const stats = engine === "tsvm" ? parseStats(run.stderr?.toString("latin1") ?? "") : undefined;
  let problem: string | undefined;
  if (run.error) problem = run.error.message;
  else if (run.status === null) problem = `${engine} was killed by ${run.signal ?? "?"}`;
  else if (engine === "tsvm" && !stats) problem = `no statistics: ${run.stderr.toString("latin1").trim().split("\n").at(-1) ?? ""}`;
  const digest = createHash("sha256")
    .update(run.stdout ?? "")
    .digest("hex");
  return { engine, seconds, status: run.status ?? -1, digest, stats, problem };
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function geometricMean(values: number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
