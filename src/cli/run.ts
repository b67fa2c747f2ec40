// `tsvm run`: makes the machine, runs it to its end, and ends as it ended.
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { posix, resolve } from "node:path";
import { isatty } from "node:tty";
import type { Feature } from "../cpu/index.ts";
import { CrashReporter, Strace, StraceSummary } from "../debug/index.ts";
import { Errno, signalName, TarError } from "../linux/index.ts";
import { LoadError } from "../loader/index.ts";
import { cpuModels, defaultCpuModel, fixedStart, Machine } from "../machine/index.ts";
import type { MachineOptions } from "../machine/index.ts";
import { NodeInputs, hostStart, runToEnd } from "../node/index.ts";
import { argumentBytes, byteString } from "./bytes.ts";
import { Checkpointer } from "./checkpoint.ts";
import { environment } from "./environment.ts";
import { CommandError, ExitStatus } from "./errors.ts";
import { guestPath, programPath, readArchive, readProgram } from "./program.ts";
import { writeAll } from "./output.ts";
import { mountsOf } from "./run-options.ts";
import type { EngineOptions, RunOptions, WatchOptions } from "./run-options.ts";
import { statsLine } from "./stats.ts";
import { say, writeError } from "./stderr.ts";

export function openInputs(options: Pick<RunOptions, "root" | "dir" | "deterministic">): NodeInputs {
  if (options.root !== undefined && options.dir.some(({ guest }) => /^\/[/.]*$/.test(guest)))
    throw new CommandError(ExitStatus.usage, "--root and a --dir at / cannot both be the guest's root directory");
  try {
    return new NodeInputs({ mounts: mountsOf(options), takeInput: options.deterministic ?? false });
  } catch (error) {
    const detail =
      error instanceof Error && "path" in error ? `${String(error.path)}: ${"code" in error ? String(error.code) : error.message}` : String(error);
    const ofRoot = options.root !== undefined && detail.startsWith(`${resolve(options.root)}:`);
    throw new CommandError(ExitStatus.internal, `cannot open ${ofRoot ? "--root" : "--dir"} ${detail}`);
  }
}

/** The interpreter's modules as the build made them; a checkout that was only type-checked has none. */
function prebuiltModules(): { readonly prebuilt?: Uint8Array } {
  try {
    return { prebuilt: readFileSync(new URL("../interpreter.bin", import.meta.url)) };
  } catch {
    return {};
  }
}

/** How the machine is to run, which changes nothing but its speed. */
export function engineOf({ window, jit }: EngineOptions): Pick<MachineOptions, "prebuilt" | "windowBits" | "regions"> {
  return { ...prebuiltModules(), ...(window === undefined ? {} : { windowBits: window }), ...(jit ? {} : { regions: false }) };
}

export function createMachine(program: string, args: readonly string[], options: RunOptions, inputs: NodeInputs): Machine {
  const { deterministic = false } = options;
  const mounts = mountsOf(options);
  const ofGuest = options.image !== undefined || options.root !== undefined;
  const path = !ofGuest ? programPath(program, mounts, deterministic) : posix.resolve(options.cwd ?? "/", program);
  const name = options.argv0 ?? (deterministic ? path : program);
  const cwd = options.cwd ?? (deterministic ? undefined : guestPath(process.cwd(), mounts)) ?? "/";
  try {
    return Machine.create({
      ...(ofGuest ? {} : { elf: readProgram(program) }),
      ...(options.image === undefined ? {} : { archive: readArchive(options.image) }),
      path: byteString(path),
      argv: [byteString(name), ...argumentBytes(args)],
      envp: environment(options.env, deterministic),
      cwd: byteString(cwd),
      inputs,
      ...engineOf(options),
      features: cpuModels[options.cpu ?? defaultCpuModel],
      start: deterministic ? fixedStart() : hostStart(),
      mounts: mounts.map(({ guest, readOnly, overlay = false }, mount) => ({ mount, guest: byteString(guest), readOnly, overlay })),
    });
  } catch (error) {
    if (error instanceof TarError) throw new CommandError(ExitStatus.internal, `${options.image ?? ""}: ${error.message}`);
    if (error instanceof Errno)
      throw new CommandError(error.name === "ENOENT" ? ExitStatus.notFound : ExitStatus.notExecutable, `${program}: ${error.message}`);
    if (error instanceof LoadError) throw new CommandError(error.exitStatus, `${program}: ${error.message}`);
    throw error;
  }
}

/** What is told while and after the machine runs. */
interface Watch {
  readonly syscalls: () => number;
  /** Says what is left to say. */
  finish(): void;
}

function openOutput(path: string): number {
  try {
    return openSync(path, "w");
  } catch (error) {
    throw new CommandError(
      ExitStatus.internal,
      `cannot write --strace-output ${path}: ${error instanceof Error && "code" in error ? String(error.code) : String(error)}`,
    );
  }
}

function needs(feature: Feature): string {
  const announced = Object.values(cpuModels).some((features) => features.has(feature));
  return announced ? `needs a processor with ${feature} (--cpu)` : `needs ${feature.toUpperCase()}, which no processor of --cpu has`;
}

/** Attaches what the options ask for. */
export function watch(machine: Machine, options: WatchOptions): Watch {
  let syscalls = 0;
  machine.listen({
    enter: () => void syscalls++,
    unknown: (_task, number, first) => {
      if (first) say(`system call ${number} is not implemented: ENOSYS`);
    },
    notStopped: (_task, signal) => say(`${signalName(signal)}: stopping a program (Ctrl-Z) is not supported yet`),
    unimplemented: (_task, address, bytes, lacking, mnemonic) => {
      const why = lacking === undefined ? "is not implemented" : needs(lacking);
      say(
        `instruction at 0x${address.toString(16)}${mnemonic === "" ? "" : ` (${mnemonic})`} ${why}: ${Buffer.from(bytes)
          .toString("hex")
          .replace(/..(?=.)/g, "$& ")}`,
      );
    },
  });
  const { strace: filter, straceOutput, straceSummary = false } = options;
  const fd = straceOutput === undefined ? undefined : openOutput(straceOutput);
  const write = fd === undefined ? writeError : (text: string): void => void writeAll(fd, Buffer.from(text, "latin1"));
  const lines = filter !== undefined || (fd !== undefined && !straceSummary);
  if (lines) machine.listen(new Strace({ write, filter }));
  const summary = straceSummary ? new StraceSummary(filter) : undefined;
  if (summary) machine.listen(summary);
  if (options.report ?? isatty(2)) machine.listen(new CrashReporter((line) => writeError(`tsvm: ${line}\n`)));
  return {
    syscalls: () => syscalls,
    finish: () => {
      if (summary) write(summary.text());
      if (fd !== undefined) closeSync(fd);
    },
  };
}

/** Runs PROGRAM; resolves with the status to exit with. */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<number> {
  const { resumeIfExists } = options;
  if (resumeIfExists !== undefined && existsSync(resumeIfExists)) {
    const { restore } = await import("./restore.ts");
    return restore(resumeIfExists, { ...options, dir: mountsOf(options), snapshotTo: options.snapshotTo ?? resumeIfExists });
  }
  const inputs = openInputs(options);
  try {
    const machine = createMachine(program, args, options, inputs);
    return await runMachine(machine, inputs, options, new Checkpointer(machine, program, options, resumeIfExists));
  } finally {
    inputs.close();
  }
}

/** Runs a machine to its end, with all that the options ask for; resolves with the status to exit with. */
export async function runMachine(machine: Machine, inputs: NodeInputs, options: WatchOptions, checkpoint: Checkpointer): Promise<number> {
  const before = machine.instructions;
  const watched = watch(machine, options);
  const started = performance.now();
  const end = await runToEnd(machine, inputs, { ...options, checkpoint });
  const seconds = (performance.now() - started) / 1000;
  watched.finish();
  if (options.stats) {
    say(
      statsLine({
        instructions: machine.instructions - before,
        seconds,
        startUp: started / 1000,
        syscalls: watched.syscalls(),
        pages: [...machine.space.residentPages()].length,
      }),
    );
  }
  if (end.reason === "limit") {
    say(`stopped after ${machine.instructions} instructions (--max-instructions)`);
    return ExitStatus.limit;
  }
  if (end.reason === "checkpoint") return checkpoint.exitStatus;
  return end.reason === "exited" ? exitStatus(end.status) : ExitStatus.internal;
}

/** As a shell tells it. */
export function exitStatus({ signal, code }: { readonly signal: number; readonly code: number }): number {
  return signal > 0 ? ExitStatus.signal + signal : code;
}
