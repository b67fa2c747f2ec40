/** Golden facts of images: what `npm run golden` writes and golden.test.ts compares. A change is a change of the machine revision. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MACHINE_REVISION } from "../../src/machine/index.ts";
import { FORMAT_VERSION } from "../../src/snapshot/index.ts";
import { listPrograms, type Program } from "../../programs/build.ts";
import { programCase, Run, sha256 } from "./support.ts";

const path = fileURLToPath(new URL("golden-images.json", import.meta.url));

export interface GoldenProgram {
  /** Exit status as a shell tells it. */
  readonly status: number;
  readonly instructions: number;
  /** SHA-256 of what was written to standard output and error, in order. */
  readonly output: string;
  /** Instruction count and SHA-256 of the image there; the last is at exit. */
  readonly images: readonly (readonly [at: number, sha256: string])[];
}

export interface Golden {
  readonly formatVersion: number;
  readonly machineRevision: number;
  readonly programs: Readonly<Record<string, GoldenProgram>>;
}

/** Shares of the run at which images are made. */
const POINTS = [0.1, 0.5, 0.9];

/** A program's whole run, not stopped anywhere. */
function wholeRun(program: Program): Run {
  const run = Run.start(programCase(program));
  const { reason } = run.to(Infinity);
  if (reason !== "exited") throw new Error(`${program.name}: ${reason}`);
  return run;
}

/** Runs a program to its points and its end. `known`: instructions that it should take; where they are not known, or others, it runs once more to count them. */
export function goldenOf(program: Program, known?: number): GoldenProgram {
  const whole = known === undefined ? wholeRun(program) : undefined;
  const instructions = whole?.machine.instructions ?? known ?? 0;
  const run = Run.start(programCase(program));
  const images = POINTS.map((share): [number, string] => {
    const at = Math.floor(instructions * share);
    run.to(at);
    return [at, sha256(run.image())];
  });
  const end = run.to(Infinity);
  if (run.machine.instructions !== instructions || (whole !== undefined && whole.host.output !== run.host.output)) {
    if (whole === undefined) return goldenOf(program);
    throw new Error(`${program.name}: another run when it is stopped`);
  }
  if (end.reason !== "exited") throw new Error(`${program.name}: ${end.reason}`);
  images.push([instructions, sha256(run.image())]);
  const { signal, code } = end.status;
  return { status: signal > 0 ? 128 + signal : code, instructions, output: sha256(Buffer.from(run.host.output, "latin1")), images };
}

export function readGolden(): Golden {
  return JSON.parse(readFileSync(path, "utf8")) as Golden;
}

/** Whether programs do here what the golden file says, one by one: those of these names, all without any. */
export function* checkGolden(names: readonly string[]): Iterable<readonly [name: string, same: boolean]> {
  const { programs } = readGolden();
  for (const program of listPrograms()) {
    if (names.length === 0 || names.includes(program.name))
      yield [program.name, JSON.stringify(goldenOf(program, programs[program.name]?.instructions)) === JSON.stringify(programs[program.name])];
  }
}

/** Makes the golden file anew for the programs of these names, all without any; tells what became of each. Throws where one does not print what it should. */
export function* recordGolden(names: readonly string[]): Iterable<readonly [name: string, what: string]> {
  const known = readGolden().programs;
  const programs: Record<string, GoldenProgram> = {};
  for (const program of listPrograms()) {
    const { name } = program;
    const before = known[name];
    if (names.length > 0 && !names.includes(name) && before !== undefined) {
      programs[name] = before;
      continue;
    }
    const now = goldenOf(program);
    // Where both streams are written to, only what is known tells their order.
    const expected = [sha256(Buffer.concat([program.stdout ?? Buffer.alloc(0), Buffer.from(program.stderr)])), before?.output];
    if (now.status !== program.status || !expected.includes(now.output)) throw new Error(`${name}: its status or output is not the expected one`);
    programs[name] = now;
    yield [name, JSON.stringify(before) === JSON.stringify(now) ? "as before" : before === undefined ? "new" : "changed"];
  }
  const golden: Golden = { formatVersion: FORMAT_VERSION, machineRevision: MACHINE_REVISION, programs };
  writeFileSync(path, `${JSON.stringify(golden, undefined, 2)}\n`);
}
