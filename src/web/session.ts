/**
 * One program in a Worker: runs the machine in slices between which messages are heard. How long slices are and where they fall is
 * nothing that the guest can see.
 */
import { encodeUtf8, decodeLatin1 } from "../base/index.ts";
import { CrashReporter, Strace, Symbolizer } from "../debug/index.ts";
import { signalName } from "../linux/index.ts";
import { Machine, type RunEnd } from "../machine/index.ts";
import { cpuView } from "./cpu-view.ts";
import { PageInputs } from "./inputs.ts";
import { Looker } from "./look.ts";
import type { LookCommand } from "./looks.ts";
import { type Command, OUTPUT_AHEAD, type PauseReason, type Progress, type Report, type StartMessage } from "./messages.ts";
import { addNewFiles, guestFiles } from "./new-files.ts";
import { outOf, over, type Stop, StopPlan } from "./stops.ts";
import { fixedStart } from "./start.ts";

/** What a session needs of its Worker. */
export interface SessionHost {
  post(report: Report, transfer: ArrayBuffer[]): void;
  /** Calls back once, after the messages that are there have been heard. */
  soon(callback: () => void): void;
  /** Calls back once after `ms`; what it returns takes that back. */
  after(ms: number, callback: () => void): () => void;
  /** Milliseconds of a clock that only goes forward. */
  elapsed(): number;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Between two looks at the messages. */
const TURN_MS = 6;
/**
 * A turn is made of slices after each of which the clock is read. How many instructions a slice may have is a guess from the one before,
 * so it is short enough that code which is suddenly thirty times slower does no harm.
 */
const SLICE_MS = 0.4;
const FIRST_SLICE = 10_000;
const SHORTEST_SLICE = 100;
const LONGEST_SLICE = 1e7;
/** Between two reports of progress. */
const PROGRESS_MS = 100;
/** setTimeout takes at most 2^31 - 1. */
const LONGEST_WAIT = 0x7fff_ffff;
const EXIT_SIGNAL = 128;
const WINDOW_BITS = [32, 31, 30, 28, 26, 24, 22, 20] as const;

type State = "new" | "paused" | "running" | "waiting" | "ended";

export class Session {
  readonly #host: SessionHost;
  #state: State = "new";
  #machine: Machine | undefined;
  #inputs: PageInputs | undefined;
  #symbolizer: Symbolizer | undefined;
  #looker: Looker | undefined;
  readonly #stops: StopPlan = new StopPlan();
  #slice = FIRST_SLICE;
  #limit = Infinity;
  #runMs = 0;
  #reported = 0;
  /** When the wait began that the guest's clock does not know of yet. */
  #waitingSince = 0;
  #cancelTimer: (() => void) | undefined;
  #scheduled = false;
  #output: { stream: 1 | 2; parts: Uint8Array[]; length: number }[] = [];
  #strace = "";
  /** Bytes written since output was last sent. */
  #unsent = 0;
  /** Bytes and characters that were sent and are not shown yet. */
  #ahead = 0;
  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#guarded(() => this.#takeTurn());
  };

  constructor(host: SessionHost) {
    this.#host = host;
  }

  /** Takes one message of the page. */
  hear(command: Command): void {
    this.#guarded(() => this.#obey(command));
  }

  #obey(command: Command): void {
    if (command.type === "start") {
      if (this.#state !== "new") throw new Error("This worker has a program already.");
      this.#start(command);
      return;
    }
    const machine = this.#machine;
    const inputs = this.#inputs;
    if (machine === undefined || inputs === undefined) return;
    if (command.type === "look") {
      this.#look(command);
      return;
    }
    if (this.#state === "ended") return;
    switch (command.type) {
      case "run":
        this.#limit = command.maxInstructions ?? Infinity;
        if (this.#state === "paused") this.#refusable(() => this.#go(StopPlan.until(command.until)));
        break;
      case "stepOver":
      case "stepOut":
        if (this.#state !== "paused") break;
        this.#limit = Infinity;
        this.#refusable(() => {
          const stop = command.type === "stepOut" ? outOf(machine, this.#symbolizer!) : over(machine, this.#symbolizer!);
          if (stop === undefined) this.#step(machine, inputs, 1);
          else this.#go(stop);
        });
        break;
      case "breakpoints":
        this.#stops.breakpoints = new Set(command.addresses);
        break;
      case "addFiles":
        this.#refusable(() => addNewFiles(machine, command.files));
        break;
      case "pause":
        if (this.#state === "running" || this.#state === "waiting") this.#pause("pause");
        break;
      case "step":
        if (this.#state === "paused") this.#step(machine, inputs, command.count);
        break;
      case "input":
        inputs.type(command.bytes);
        this.#wake();
        break;
      case "resize":
        inputs.resize(command.size);
        machine.resize(command.size);
        this.#wake();
        break;
      case "shown":
        this.#ahead -= command.amount;
        if (this.#state === "running") this.#schedule();
        break;
    }
  }

  #start(message: StartMessage): void {
    const inputs = new PageInputs({
      streams: message.streams,
      now: () => this.#host.now(),
      write: (stream, bytes) => {
        this.#unsent += bytes.length;
        const last = this.#output.at(-1);
        if (last?.stream === stream) {
          last.parts.push(bytes);
          last.length += bytes.length;
        } else this.#output.push({ stream, parts: [bytes], length: bytes.length });
      },
    });
    const [machine, windowBits] = createMachine(message, inputs);
    this.#inputs = inputs;
    this.#machine = machine;
    this.#symbolizer = new Symbolizer(machine.space);
    this.#looker = new Looker(machine, this.#symbolizer);
    const notice = (text: string): void => this.#host.post({ type: "notice", text }, []);
    machine.listen({
      unknown: (_task, number, first) => {
        if (first) notice(`System call ${number} is not implemented; the program gets ENOSYS.`);
      },
      unimplemented: (_task, address) => notice(`The instruction at 0x${address.toString(16)} is not implemented; the program gets SIGILL.`),
    });
    machine.listen(new CrashReporter(notice));
    if (message.strace) machine.listen(new Strace({ write: (text) => void (this.#strace += text) }));
    this.#host.post({ type: "started", windowBits }, []);
    this.#pause("start");
  }

  /** What the page wants to see, also while the machine runs: it then stands between two slices. */
  #look({ id, kind, ask }: LookCommand): void {
    try {
      this.#host.post({ type: "looked", id, answer: this.#looker!.answer(kind, ask) }, []);
    } catch (error) {
      this.#host.post({ type: "unlooked", id, message: messageOf(error) }, []);
    }
  }

  /** What the page may ask in vain. */
  #refusable(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#host.post({ type: "refused", message: messageOf(error) }, []);
    }
  }

  #go(stop?: Stop): void {
    this.#stops.begin(stop);
    this.#waitingSince = this.#host.elapsed();
    this.#state = "running";
    this.#report();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#ahead >= OUTPUT_AHEAD) return;
    this.#scheduled = true;
    this.#host.soon(this.#turn);
  }

  /** Whatever the machine waits for may have come. */
  #wake(): void {
    if (this.#state !== "waiting") return;
    this.#endWait();
    this.#state = "running";
    this.#schedule();
  }

  /** The guest's clock learns how long was waited. */
  #endWait(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#machine!.elapse(Math.round((this.#host.elapsed() - this.#waitingSince) * 1e6));
  }

  #answer(machine: Machine, inputs: PageInputs): void {
    for (const { id, answer } of inputs.take()) machine.answer(id, answer);
  }

  #takeTurn(): void {
    if (this.#state !== "running") return;
    const machine = this.#machine!;
    this.#answer(machine, this.#inputs!);
    const left = this.#limit - machine.instructions;
    if (left <= 0) {
      this.#pause("limit");
      return;
    }
    const began = this.#host.elapsed();
    let now = began;
    let end: RunEnd;
    do {
      const before = machine.instructions;
      const sliceBegan = now;
      end = this.#stops.run(machine, Math.min(this.#limit - before, this.#slice));
      now = this.#host.elapsed();
      if (machine.instructions - before < this.#slice) continue;
      // Slower at once, faster by degrees.
      const factor = Math.min(2, SLICE_MS / Math.max(now - sliceBegan, 0.01));
      this.#slice = Math.round(Math.min(Math.max(this.#slice * factor, SHORTEST_SLICE), LONGEST_SLICE));
    } while (end.reason === "limit" && now - began < TURN_MS && this.#unsent < OUTPUT_AHEAD && machine.instructions < this.#limit);
    this.#runMs += now - began;
    this.#flush();
    if (end.reason === "exited") {
      this.#exit(end.status);
    } else if (end.reason === "waiting") {
      this.#state = "waiting";
      this.#waitingSince = this.#host.elapsed();
      if (end.ns < Infinity)
        this.#cancelTimer = this.#host.after(Math.min(Math.max(end.ns / 1e6, 0), LONGEST_WAIT), () => this.#guarded(() => this.#wake()));
      this.#report();
    } else if (end.reason === "breakpoint" || end.reason === "intercepted") {
      this.#pause(this.#stops.reason(machine));
    } else {
      if (this.#host.elapsed() - this.#reported >= PROGRESS_MS) this.#report();
      this.#schedule();
    }
  }

  #step(machine: Machine, inputs: PageInputs, count: number): void {
    this.#answer(machine, inputs);
    const end = machine.run({ maxInstructions: count, resume: true });
    this.#flush();
    if (end.reason === "exited") this.#exit(end.status);
    else this.#pause("step");
  }

  #pause(reason: PauseReason): void {
    if (this.#state === "waiting") this.#endWait();
    this.#state = "paused";
    this.#flush();
    this.#host.post({ type: "paused", reason, cpu: cpuView(this.#machine!, this.#symbolizer!), ...this.#progress() }, []);
  }

  #exit(status: { readonly code: number; readonly signal: number }): void {
    this.#state = "ended";
    const { code, signal } = status;
    this.#host.post(
      { type: "exited", status: signal > 0 ? EXIT_SIGNAL + signal : code, signal: signal > 0 ? signalName(signal) : undefined, ...this.#progress() },
      [],
    );
  }

  #progress(): Progress {
    return { instructions: this.#machine!.instructions, runMs: this.#runMs };
  }

  #report(): void {
    this.#reported = this.#host.elapsed();
    this.#host.post({ type: "progress", activity: this.#state === "waiting" ? "waiting" : "running", ...this.#progress() }, []);
  }

  /** Sends what was written since the last time. */
  #flush(): void {
    for (const { stream, parts, length } of this.#output) {
      const bytes = new Uint8Array(length);
      let at = 0;
      for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
      }
      this.#ahead += length;
      this.#host.post({ type: "output", stream, bytes }, [bytes.buffer]);
    }
    this.#output = [];
    this.#unsent = 0;
    if (this.#strace === "") return;
    this.#ahead += this.#strace.length;
    this.#host.post({ type: "strace", text: this.#strace }, []);
    this.#strace = "";
  }

  /** A failure of the machine is told; nothing can go on after it. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#state = "ended";
      this.#host.post({ type: "failed", message: messageOf(error) }, []);
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const latin1Utf8 = (text: string): string => decodeLatin1(encodeUtf8(text));

/** The machine with the largest window that the host gives. */
function createMachine(message: StartMessage, inputs: PageInputs): readonly [Machine, number] {
  const { elf, path, argv, envp, prebuilt, windowBits: most = 32 } = message;
  const sizes = WINDOW_BITS.filter((bits) => bits <= most);
  for (const [index, windowBits] of sizes.entries()) {
    try {
      const machine = Machine.create({
        ...(elf === undefined ? {} : { elf }),
        path: latin1Utf8(path),
        argv: argv.map(latin1Utf8),
        envp: envp.map(latin1Utf8),
        cwd: "/",
        ...(message.files === undefined ? {} : guestFiles(message.files)),
        inputs,
        start: fixedStart(),
        windowBits,
        ...(prebuilt === undefined ? {} : { prebuilt }),
      });
      return [machine, windowBits];
    } catch (error) {
      // What WebAssembly.Memory says where there is no room for it.
      if (!(error instanceof RangeError) || index === sizes.length - 1) throw error;
    }
  }
  throw new Error(`There is no window of 2^${most} bytes.`);
}
