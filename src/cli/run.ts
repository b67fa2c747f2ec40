// `tsvm run`: makes the machine, runs it to its end, and ends as it ended.
import { readFileSync } from "node:fs";
import { Strace } from "../debug/index.ts";
import { LoadError } from "../loader/index.ts";
import { Machine } from "../machine/index.ts";
import { NodeInputs, fixedStart, hostStart, runToEnd } from "../node/index.ts";
import { argumentBytes, byteString } from "./bytes.ts";
import { environment } from "./environment.ts";
import { CommandError, ExitStatus } from "./errors.ts";
import { guestPath, programPath, readProgram } from "./program.ts";
import type { RunOptions } from "./run-options.ts";
import { statsLine } from "./stats.ts";
import { writeError } from "./stderr.ts";

function say(line: string): void {
  writeError(byteString(`tsvm: ${line}\n`));
}

function openInputs(options: RunOptions): NodeInputs {
  try {
    return new NodeInputs({ mounts: options.dir, takeInput: options.deterministic ?? false });
  } catch (error) {
    const detail =
      error instanceof Error && "path" in error ? `${String(error.path)}: ${"code" in error ? String(error.code) : error.message}` : String(error);
    throw new CommandError(ExitStatus.internal, `cannot open --dir ${detail}`);
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

function createMachine(program: string, args: readonly string[], options: RunOptions, inputs: NodeInputs): Machine {
  const { deterministic = false, dir: mounts } = options;
  const path = programPath(program, mounts, deterministic);
  const name = options.argv0 ?? (deterministic ? path : program);
  const cwd = options.cwd ?? (deterministic ? undefined : guestPath(process.cwd(), mounts)) ?? "/";
  try {
    return Machine.create({
      elf: readProgram(program),
      path: byteString(path),
      argv: [byteString(name), ...argumentBytes(args)],
      envp: environment(options.env, deterministic),
      cwd: byteString(cwd),
      inputs,
      ...prebuiltModules(),
      start: deterministic ? fixedStart() : hostStart(),
      mounts: mounts.map(({ guest, readOnly }, mount) => ({ mount, guest: byteString(guest), readOnly })),
      ...(options.window === undefined ? {} : { windowBits: options.window }),
    });
  } catch (error) {
    if (error instanceof LoadError) throw new CommandError(error.exitStatus, `${program}: ${error.message}`);
    throw error;
  }
}

/** Runs PROGRAM; resolves with the status to exit with. */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<number> {
  const inputs = openInputs(options);
  try {
    const machine = createMachine(program, args, options, inputs);
    let syscalls = 0;
    machine.listen({
      enter: () => void syscalls++,
      unknown: (_task, number, first) => {
        if (first) say(`system call ${number} is not implemented: ENOSYS`);
      },
      unimplemented: (_task, address, bytes) => {
        say(
          `instruction at 0x${address.toString(16)} is not implemented: ${Buffer.from(bytes)
            .toString("hex")
            .replace(/..(?=.)/g, "$& ")}`,
        );
      },
    });
    if (options.strace) machine.listen(new Strace({ write: writeError }));
    const started = performance.now();
    const end = await runToEnd(machine, inputs, options);
    const seconds = (performance.now() - started) / 1000;
    if (options.stats) {
      say(
        statsLine({
          instructions: machine.instructions,
          seconds,
          startUp: started / 1000,
          syscalls,
          pages: [...machine.space.residentPages()].length,
        }),
      );
    }
    if (end.reason === "limit") {
      say(`stopped after ${machine.instructions} instructions (--max-instructions)`);
      return ExitStatus.limit;
    }
    const { signal, code } = end.status;
    return signal > 0 ? ExitStatus.signal + signal : code;
  } finally {
    inputs.close();
  }
}
