// `tsvm snapshot`: runs a program to a point and saves it there.
import { syscallName, syscallNumbers } from "../linux/index.ts";
import { parseElf, symbols } from "../loader/index.ts";
import type { Intercept, Machine } from "../machine/index.ts";
import type { FinalEnd, NodeInputs } from "../node/index.ts";
import { runToEnd } from "../node/index.ts";
import { saveImage } from "../snapshot/index.ts";
import { CommandError, ExitStatus } from "./errors.ts";
import { writeImage } from "./image-file.ts";
import { readProgram } from "./program.ts";
import { createMachine, openInputs, watch } from "./run.ts";
import type { RunOptions } from "./run-options.ts";
import { say } from "./stderr.ts";

/** The `count`-th time of something that has a name. */
export interface Occurrence {
  readonly name: string;
  readonly count: number;
}

export interface SnapshotOptions extends Omit<RunOptions, "checkpointOn"> {
  readonly output: string;
  readonly at?: number;
  readonly atSyscall?: Occurrence;
  readonly atSymbol?: Occurrence;
  readonly atExit?: true;
}

/** The program ended before the point was reached. */
const NOT_REACHED = 1;

function usage(message: string): never {
  throw new CommandError(ExitStatus.usage, message);
}

function atSyscall({ name, count }: Occurrence): Intercept {
  const number = syscallNumbers().find((known) => syscallName(known) === name) ?? usage(`--at-syscall: there is no system call ${name}`);
  let seen = 0;
  return { syscall: (called) => called === number && ++seen === count };
}

/** Where the machine has put a function of its program. */
function symbolAddress(machine: Machine, program: string, name: string): number {
  const bytes = readProgram(program);
  const symbol = symbols(bytes).named(name) ?? usage(`--at-symbol: ${program} has no symbol ${name}`);
  const { segments } = parseElf(bytes);
  const first = segments[0];
  const area = [...machine.space.areas()][0];
  if (first === undefined || area === undefined) usage(`--at-symbol: ${program} has no memory`);
  return symbol.address + (area.start - (first.address - (first.address % 4096)));
}

/** Runs until `address` is reached for the `count`-th time. */
async function toAddress(machine: Machine, inputs: NodeInputs, options: SnapshotOptions, address: number, count: number): Promise<FinalEnd> {
  if (machine.space.peek(address, new Uint8Array(1)) !== 1) usage("--at-symbol: nothing is there");
  machine.setBreakpoints([address]);
  for (let seen = 0; ;) {
    const end = await runToEnd(machine, inputs, { ...limits(options), resume: seen > 0 });
    if (end.reason !== "breakpoint" || ++seen === count) return end;
  }
}

function limits({ maxInstructions }: SnapshotOptions): { readonly maxInstructions?: number } {
  return maxInstructions === undefined ? {} : { maxInstructions };
}

function run(machine: Machine, inputs: NodeInputs, program: string, options: SnapshotOptions): Promise<FinalEnd> {
  const { at, atSyscall: call, atSymbol: symbol } = options;
  if (symbol !== undefined) return toAddress(machine, inputs, options, symbolAddress(machine, program, symbol.name), symbol.count);
  if (call !== undefined) return runToEnd(machine, inputs, { ...limits(options), intercept: atSyscall(call) });
  return runToEnd(machine, inputs, at === undefined ? limits(options) : { maxInstructions: Math.min(at, options.maxInstructions ?? Infinity) });
}

/** Whether the end is the point that was named. */
function reached(end: FinalEnd, machine: Machine, options: SnapshotOptions): boolean {
  if (options.atExit) return end.reason === "exited";
  if (options.at !== undefined) return machine.instructions === options.at;
  return end.reason === "intercepted" || end.reason === "breakpoint";
}

/** Saves PROGRAM at a point; resolves with the status to exit with. */
export async function snapshot(program: string, args: readonly string[], options: SnapshotOptions): Promise<number> {
  const points = [options.at, options.atSyscall, options.atSymbol, options.atExit].filter((point) => point !== undefined);
  if (points.length !== 1) usage("name one point: --at, --at-syscall, --at-symbol or --at-exit");
  const inputs = openInputs(options);
  try {
    const machine = createMachine(program, args, { ...options, checkpointOn: [] }, inputs);
    const watched = watch(machine, options);
    const end = await run(machine, inputs, program, options);
    watched.finish();
    if (!reached(end, machine, options)) {
      if (end.reason === "limit") {
        say(`stopped after ${machine.instructions} instructions (--max-instructions)`);
        return ExitStatus.limit;
      }
      say(`the program ended after ${machine.instructions} instructions, before the point to save it at`);
      return NOT_REACHED;
    }
    writeImage(options.output, saveImage(machine));
    return 0;
  } finally {
    inputs.close();
  }
}
