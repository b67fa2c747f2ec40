// What is measured: the long-running programs of programs/, and, when its case list is given, those of the corpus (which is not part of this repository).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./measure.ts";

export interface BenchCase {
  readonly id: string;
  readonly group: string;
  readonly argv: string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly input: Buffer;
  readonly tsvmOptions: string[];
  /** Puts the case's files in place, before every run. */
  prepare(): void;
}

/** program.json, as programs/README.md describes it. */
interface ProgramDescription {
  readonly argv?: string[];
  readonly env?: Record<string, string>;
}

/** Programs that execute tens of millions of instructions. */
const kernels = ["collatz", "life", "sha256"];
/** Programs that make a million system calls and more. */
const callers = ["getppid", "pipe-bytes"];

export function programCases(): BenchCase[] {
  return [...kernels, ...callers].map((id) => {
    const folder = join(root, "programs", id);
    const program = JSON.parse(readFileSync(join(folder, "program.json"), "utf8")) as ProgramDescription;
    return {
      id,
      group: callers.includes(id) ? "system calls" : "programs",
      argv: [join(folder, id), ...(program.argv ?? [])],
      env: program.env ?? {},
      cwd: folder,
      input: Buffer.alloc(0),
      tsvmOptions: [],
      prepare: () => undefined,
    };
  });
}

/** One entry of the corpus' cases.json; the corpus' own documentation describes it. */
export interface CorpusCase {
  readonly id: string;
  readonly tier: number;
  readonly argv: string[];
  readonly env?: Record<string, string>;
  readonly setup?: string;
  readonly stdin?: string;
  readonly stdin_file?: string;
  readonly stdin_cmd?: string;
  readonly instructions?: number;
  readonly syscalls: string[];
}

const corpus = "/tmp/corpus";
const guestEnv = { PATH: `${corpus}/bin`, HOME: `${corpus}/home`, LC_ALL: "C", LANG: "C", TZ: "UTC", TERM: "dumb", NO_COLOR: "1", TMPDIR: "/tmp" };
const hostEnv = { ...guestEnv, PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" };
const mounts = ["/tmp", `${corpus}/bin::/bin:ro`, "/etc:ro", "/usr:ro"];
const manyProcesses = ["fork", "vfork", "clone", "clone3"];

/** Tiers 1 and 2, more than 100 million instructions. */
function isLong({ tier, instructions = 0 }: CorpusCase): boolean {
  return (tier === 1 || tier === 2) && instructions > 100e6;
}

/** The `wanted` cases that are there and run one process. */
export function corpusCases(list: string, wanted: (c: CorpusCase) => boolean = isLong): BenchCase[] {
  const all = JSON.parse(readFileSync(list, "utf8")) as CorpusCase[];
  const found = all.filter((c) => wanted(c) && !c.syscalls.some((name) => manyProcesses.includes(name)) && existsSync(c.argv[0] ?? ""));
  return found.map((c) => {
    const cwd = `${corpus}/run/bench-${c.id}`;
    const prepare = (): void => {
      rmSync(cwd, { recursive: true, force: true });
      mkdirSync(cwd, { recursive: true });
      if (c.setup) spawnSync("/bin/bash", ["-c", c.setup], { cwd, env: hostEnv, stdio: "ignore" });
    };
    prepare();
    return {
      id: c.id,
      group: `corpus, tiers 1 and 2`,
      argv: c.argv,
      env: { ...guestEnv, ...c.env },
      cwd,
      input: inputOf(c, cwd),
      tsvmOptions: [...mounts.flatMap((mount) => ["--dir", mount]), "--cwd", cwd],
      prepare,
    };
  });
}

function inputOf(c: CorpusCase, cwd: string): Buffer {
  if (c.stdin !== undefined) return Buffer.from(c.stdin);
  if (c.stdin_file !== undefined) return readFileSync(c.stdin_file);
  if (c.stdin_cmd !== undefined) return spawnSync("/bin/bash", ["-c", c.stdin_cmd], { cwd, env: hostEnv, maxBuffer: 1 << 28 }).stdout;
  return Buffer.alloc(0);
}
