/** Builds the guest programs (see programs/README.md): `tsx programs/build.ts [--record] [name...]`. */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Program {
  /** Folder, and the binary in it. */
  readonly name: string;
  readonly folder: string;
  readonly binary: string;
  readonly description: string;
  /** Commands, each one argv as text separated by single spaces; run in the folder. */
  readonly build: readonly string[];
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The processor that it needs: "v1" (any), "v2" or "v3", the levels of the x86-64 psABI. */
  readonly cpu: "v1" | "v2" | "v3";
  readonly stdin: Buffer;
  /** Exit status, 128+n for signal n. */
  readonly status: number;
  readonly stderr: string;
  /** Absent before it is recorded. */
  readonly stdout: Buffer | undefined;
}

export const programsFolder: string = fileURLToPath(new URL(".", import.meta.url));

function readOptional(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined;
}

export function readProgram(name: string): Program {
  const folder = join(programsFolder, name);
  const declared = JSON.parse(readFileSync(join(folder, "program.json"), "utf8")) as Partial<Program>;
  return {
    name,
    folder,
    binary: join(folder, name),
    description: declared.description ?? "",
    build: declared.build ?? [],
    argv: declared.argv ?? [],
    env: declared.env ?? {},
    cpu: declared.cpu ?? "v1",
    stdin: readOptional(join(folder, "stdin")) ?? Buffer.alloc(0),
    status: declared.status ?? 0,
    stderr: declared.stderr ?? "",
    stdout: readOptional(join(folder, "expected.stdout")),
  };
}

/** All programs, by name. */
export function listPrograms(): Program[] {
  return readdirSync(programsFolder)
    .filter((name) => existsSync(join(programsFolder, name, "program.json")))
    .toSorted()
    .map(readProgram);
}

function build(program: Program): void {
  for (const command of program.build) {
    const [file = "", ...args] = command.split(" ");
    execFileSync(file, args, { cwd: program.folder, stdio: "inherit", env: { ...process.env, SOURCE_DATE_EPOCH: "0", LC_ALL: "C" } });
  }
}

function record(program: Program): void {
  const run = spawnSync(program.binary, program.argv, { env: program.env, input: program.stdin, cwd: program.folder });
  writeFileSync(join(program.folder, "expected.stdout"), run.stdout);
  console.log(`${program.name}: status ${run.status ?? run.signal}, ${run.stdout.length} bytes`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  const names = args.filter((arg) => !arg.startsWith("--"));
  for (const program of names.length ? names.map(readProgram) : listPrograms()) {
    build(program);
    console.log(`${program.name}: ${statSync(program.binary).size} bytes`);
    if (args.includes("--record")) record(program);
  }
}
