/**
 * A machine: one program with its kernel and its processor, as data that runs.
 *
 *     const machine = Machine.create({ elf, path: "/bin/hello", argv: ["hello"], envp: [], cwd: "/", inputs, start });
 *     for (;;) {
 *       const stop = machine.run({ maxInstructions: 10_000_000 });
 *       if (stop.reason === "exited") break;
 *       ... "limit": call again; "waiting": wait for the host, `answer` and `elapse`, call again
 *     }
 *
 * `run` is synchronous and the same in Node and in a browser's Worker; whatever the machine wants of the outside it asks `inputs`.
 */

import type { Feature } from "../cpu/index.ts";
import type { RegionOptions } from "../cpu/index.ts";
import { cpuinfo, hardwareCapabilities, Interpreter, Stop } from "../cpu/index.ts";
import type { ExitStatus, HostAnswer, HostMount, Inputs, KernelListener, NewFile, StartOptions, Task, WindowSize } from "../linux/index.ts";
import { addGuestArchive, addGuestFiles, Kernel, Reg } from "../linux/index.ts";
import { AddressSpace } from "../memory/index.ts";
import { cpuModels, defaultCpuModel } from "./cpu-models.ts";
import { CpuRegisters } from "./registers.ts";

/** AT_HWCAP2: RDFSBASE and its relatives may be used (uapi/asm/hwcap2.h). */
const HWCAP2_FSGSBASE = 2;
/** Bytes of SYSCALL. */
const SYSCALL_LENGTH = 2;

/** Between two questions of `pause`: instructions (each stop in the middle of a block costs a tenth of a millisecond), turns of tasks (system calls, faults, or as many returns from translated code as follow). */
const SLICE = 2_000_000;
const TURNS = 8;
const PATIENCE = 200;

/** What a machine without a process is made of. */
export interface BlankOptions {
  readonly inputs: Inputs;
  readonly start: StartOptions;
  readonly mounts?: readonly HostMount[];
  /** A tar archive that is the guest's root directory; without it the usual files. Throws TarError where it cannot be read. */
  readonly archive?: Uint8Array;
  /** log2 of the window's bytes, 17 to 32 (default): changes speed and nothing that the guest can see. */
  readonly windowBits?: number;
  /** The interpreter's modules as the build made them (`interpreter.bin`); without them they are made now. */
  readonly prebuilt?: Uint8Array;
  /** When code becomes compiled regions; false: never. Changes speed and nothing that the guest can see. */
  readonly regions?: RegionOptions | false;
  /** Count which handlers of the interpreter follow which, at half the speed: for choosing hot forms. */
  readonly countPairs?: boolean;
  /** What the guest's processor announces, one of `cpuModels` for example; by default that of {@link defaultCpuModel}. */
  readonly features?: ReadonlySet<Feature>;
  /** A machine that is not used any more and whose window and processor are taken over where `features` are the same; `windowBits` then is its own. */
  readonly recycle?: Machine;
}

export interface MachineOptions extends BlankOptions {
  /** The program's ELF file, put into the guest's file tree at `path` where a mount does not show it; absent: the guest has it there (Errno if not). */
  readonly elf?: Uint8Array;
  /** Absolute path in the guest. */
  readonly path: string;
  /** Byte strings: one character (0 to 255) for each byte. */
  readonly argv: readonly string[];
  readonly envp: readonly string[];
  /** Absolute path in the guest. */
  readonly cwd: string;
  /** Tar archives, then files, that are put over the guest's root before the program starts; the files are the user's. */
  readonly archives?: readonly Uint8Array[];
  readonly files?: readonly NewFile[];
}

/** Why {@link Machine.run} returned. */
export type RunEnd =
  /** The first process has ended. */
  | { readonly reason: "exited"; readonly status: ExitStatus }
  /** `maxInstructions` have been executed. */
  | { readonly reason: "limit" }
  /** An {@link Intercept} said so: the instruction is the next one. */
  | { readonly reason: "intercepted" }
  /** The next instruction is at one of the addresses of {@link Machine.setBreakpoints}. */
  | { readonly reason: "breakpoint" }
  /** Every task waits for the host: for an answer, or until `ns` more nanoseconds have gone by (Infinity: no timer runs). */
  | { readonly reason: "waiting"; readonly ns: number };

/** Asked before an instruction acts whether to stop in front of it. */
export interface Intercept {
  /** A SYSCALL with this number is about to be made. */
  syscall?(number: number): boolean;
}

export interface RunOptions {
  readonly maxInstructions?: number;
  readonly intercept?: Intercept;
  /** Asked now and then, more often where the machine is slow: true makes it stop as if the limit were reached. Where it stops is nothing a guest can see. */
  readonly pause?: () => boolean;
  /** Go on from a breakpoint: the first instruction is executed although there is one. */
  readonly resume?: boolean;
}

/** Told of what happens; none of these may change anything. */
export interface MachineListener extends KernelListener {
  /** An instruction that exists was met which is not implemented, or which the processor lacks a feature for; the guest gets SIGILL. `mnemonic`: "" where it has no name here. */
  unimplemented?(task: Task, address: number, bytes: Uint8Array, lacking: Feature | undefined, mnemonic: string): void;
}

function sameFeatures(a: ReadonlySet<Feature>, b: ReadonlySet<Feature>): boolean {
  return a.size === b.size && [...a].every((feature) => b.has(feature));
}

export class Machine {
  readonly kernel: Kernel;
  readonly space: AddressSpace;
  readonly cpu: Interpreter;
  readonly registers: CpuRegisters;
  /** What the guest's processor announces. */
  readonly features: ReadonlySet<Feature>;
  readonly #listeners: MachineListener[] = [];
  /** Leads the processor to the random source of the kernel that it works for. */
  readonly #chance: { source: Kernel["random"] };

  private constructor(options: BlankOptions) {
    const { start, features = cpuModels[defaultCpuModel] } = options;
    this.features = features;
    this.kernel = new Kernel({
      inputs: options.inputs,
      start: { hwcap: hardwareCapabilities(features), hwcap2: features.has("fsgsbase") ? HWCAP2_FSGSBASE : 0, cpuinfo: cpuinfo(features), ...start },
      ...(options.mounts === undefined ? {} : { mounts: options.mounts }),
      ...(options.archive === undefined ? {} : { archive: options.archive }),
    });
    const { recycle } = options;
    if (recycle !== undefined && sameFeatures(recycle.features, features)) {
      this.space = recycle.space;
      this.cpu = recycle.cpu;
      this.#chance = recycle.#chance;
      this.#chance.source = this.kernel.random;
      this.space.clear();
    } else {
      this.space = new AddressSpace({
        ...(options.windowBits === undefined ? {} : { windowBits: options.windowBits }),
        stackLimit: this.kernel.stackLimit,
      });
      const chance = { source: this.kernel.random };
      this.#chance = chance;
      this.cpu = new Interpreter(this.space, features, {
        countPairs: options.countPairs ?? false,
        random: { fill: (into) => chance.source.fill(into) },
        ...(options.prebuilt === undefined ? {} : { prebuilt: options.prebuilt }),
        ...(options.regions === undefined ? {} : { regions: options.regions }),
      });
    }
    this.registers = new CpuRegisters(this.space.view, features);
    this.registers.resetXstate();
  }

  /** Loads the program; throws LoadError (with the exit status that a shell would give) for what Linux does not execute. */
  static create(options: MachineOptions): Machine {
    const machine = new Machine(options);
    const { kernel } = machine;
    for (const archive of options.archives ?? []) addGuestArchive(kernel.vfs, archive);
    if (options.files !== undefined) addGuestFiles(kernel.vfs, options.files, kernel.start);
    machine.kernel.createProcess({
      memory: machine.space,
      registers: machine.registers,
      path: options.path,
      ...(options.elf === undefined ? {} : { bytes: options.elf }),
      argv: options.argv,
      envp: options.envp,
      cwd: options.cwd,
    });
    return machine;
  }

  /** A machine without a process, to be given the state of another one. */
  static blank(options: BlankOptions): Machine {
    return new Machine(options);
  }

  /** Instructions completed since the start. */
  get instructions(): number {
    return this.cpu.instructions;
  }

  listen(listener: MachineListener): void {
    this.#listeners.push(listener);
    this.kernel.listeners.push(listener);
  }

  /** Addresses in front of whose instructions `run` stops. They are no part of the machine's state, and the guest sees nothing of them. */
  setBreakpoints(addresses: Iterable<number>): void {
    this.cpu.setBreakpoints(addresses);
  }

  /** Runs until something of {@link RunEnd} holds, at most `maxInstructions` (default: no limit). Stops exactly there. */
  run(options: RunOptions = {}): RunEnd {
    const { kernel, cpu } = this;
    const until = cpu.instructions + Math.floor(options.maxInstructions ?? Infinity);
    let resume = options.resume ?? false;
    const { pause } = options;
    cpu.patience = pause === undefined ? Infinity : PATIENCE;
    const longest = pause === undefined ? Infinity : SLICE;
    let asked = cpu.instructions;
    let turns = 0;
    for (;;) {
      const task = kernel.next();
      if ("kind" in task) {
        if (task.kind === "exited") return { reason: "exited", status: task.status };
        return { reason: "waiting", ns: task.kind === "host" ? task.deadline - kernel.clock.now : Infinity };
      }
      if (cpu.instructions >= until) return { reason: "limit" };
      if (pause !== undefined && (++turns >= TURNS || cpu.instructions - asked >= SLICE)) {
        if (pause()) return { reason: "limit" };
        asked = cpu.instructions;
        turns = 0;
      }
      const budget = Math.min(until - cpu.instructions, longest, Math.max(1, kernel.sliceEnd() - kernel.clock.now));
      const reason = this.#execute(task, budget, options.intercept, resume);
      if (reason !== undefined) return { reason };
      resume = false;
    }
  }

  /** What stopped it, if anything did. */
  #execute(task: Task, budget: number, intercept: Intercept | undefined, resume: boolean): "intercepted" | "breakpoint" | undefined {
    const { cpu, kernel, registers } = this;
    const before = cpu.instructions;
    cpu.timestampBase = kernel.clock.now - before;
    const stop = cpu.run(budget, resume);
    kernel.advance(task, cpu.instructions - before);
    if (stop === Stop.breakpoint) return "breakpoint";
    if (stop === Stop.syscall) {
      if (intercept?.syscall?.(registers.high(Reg.rax) === 0 ? registers.low(Reg.rax) : -1) === true) {
        // It was not executed after all.
        cpu.rip -= SYSCALL_LENGTH;
        cpu.instructions--;
        kernel.advance(task, -1);
        return "intercepted";
      }
      registers.setParts(Reg.rcx, registers.low(Reg.rip), registers.high(Reg.rip));
      registers.setParts(Reg.r11, registers.rflags(), 0);
      kernel.syscall(task);
    } else if (stop === Stop.exception) {
      const { exception } = cpu;
      const { unimplemented, lacking, mnemonic, bytes } = exception;
      if (unimplemented || lacking !== undefined)
        for (const listener of this.#listeners) listener.unimplemented?.(task, cpu.rip, bytes, lacking, mnemonic);
      kernel.fault(task, exception);
    }
    return undefined;
  }

  /** The host's answer to a request that `inputs` put off with "later". */
  answer(id: number, answer: HostAnswer): void {
    this.kernel.answer(id, answer);
  }

  /** `ns` nanoseconds of real time went by while the host was waited for. */
  elapse(ns: number): void {
    this.kernel.elapse(ns);
  }

  /** The host's terminal has another size: an input. */
  resize(size: WindowSize): void {
    this.kernel.resize(size);
  }

  /** A signal from outside, by Linux number, for the first process. */
  signal(signal: number): void {
    this.kernel.signal(signal);
  }
}
