/**
 * One program in a Worker: runs the machine in slices between which messages are heard. How long slices are and where they fall is
 * nothing that the guest can see.
 */
import { CrashReporter, Strace, Symbolizer } from "../debug/index.ts";
import { BusyError, signalName } from "../linux/index.ts";
import { type Machine, MACHINE_REVISION, type RunEnd } from "../machine/index.ts";
import { imageBytes, saveImage } from "../snapshot/index.ts";
import { cpuView } from "./cpu-view.ts";
import { createMachine, type Made, restoreMachine, type Surroundings } from "./guest.ts";
import { type Checkpoint, compareMoments, type Moment } from "./history.ts";
import { compare, summarize } from "./images.ts";
import { isTerminalAnswer, PageInputs } from "./inputs.ts";
import { Looker } from "./look.ts";
import type { LookCommand } from "./looks.ts";
import type { Command, PauseReason, Progress, Report, RestoreMessage, StartMessage, Streams } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { outOf, over, type Stop, StopPlan } from "./stops.ts";
import { Teller } from "./teller.ts";
import { type Mark, Timeline } from "./timeline.ts";

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
  /** SHA-256 in hexadecimal. */
  sha256(bytes: Uint8Array): Promise<string>;
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

type State = "new" | "paused" | "running" | "waiting" | "ended";

/** A program that was started or restored. */
interface Guest {
  readonly machine: Machine;
  readonly inputs: PageInputs;
  readonly teller: Teller;
  readonly symbolizer: Symbolizer;
  readonly looker: Looker;
}

export class Session {
  readonly #host: SessionHost;
  readonly #outbox: Outbox;
  readonly #stops: StopPlan = new StopPlan();
  #state: State = "new";
  #guest: Guest | undefined;
  #timeline: Timeline | undefined;
  #surroundings: Omit<Surroundings, "inputs"> = { prebuilt: undefined, windowBits: undefined };
  #tracing = false;
  /** Of the program's file. */
  #digest: (() => Promise<string>) | undefined;
  #slice = FIRST_SLICE;
  #limit = Infinity;
  /** The moment that is sought: until then nothing is shown, and there are no breakpoints. */
  #goal: Moment | undefined;
  /** Where a checkpoint is to be made on the way to it. */
  #near: number | undefined;
  /** A step back from the end, which may be the instruction that ends it. */
  #backFromEnd = false;
  #runMs = 0;
  #reported = 0;
  /** When the wait began that the guest's clock does not know of yet. */
  #waitingSince = 0;
  #cancelTimer: (() => void) | undefined;
  #scheduled = false;
  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#guarded(() => this.#takeTurn());
  };

  constructor(host: SessionHost) {
    this.#host = host;
    this.#outbox = new Outbox((report, transfer) => host.post(report, transfer));
  }

  /** Takes one message of the page. */
  hear(command: Command): void {
    this.#guarded(() => this.#obey(command));
  }

  #obey(command: Command): void {
    switch (command.type) {
      case "start":
        if (this.#state !== "new") throw new Error("This worker has a program already.");
        this.#start(command);
        return;
      case "restore":
        this.#restore(command);
        return;
      case "describe":
        this.#answerWith(command.id, async () => ({
          type: "described",
          id: command.id,
          ...summarize(command.image),
          sha256: await this.#host.sha256(command.image),
        }));
        return;
      case "compare":
        this.#answerWith(command.id, async () => ({ type: "compared", id: command.id, ...compare(command.images) }));
        return;
    }
    const guest = this.#guest;
    if (guest === undefined) return;
    const { machine, inputs } = guest;
    switch (command.type) {
      case "look":
        this.#look(command);
        return;
      case "snapshot":
        this.#answerWith(command.id, () => this.#snapshot(command.id));
        return;
      case "seek":
        this.#seek({ instructions: command.instructions, position: command.position ?? 0, settled: command.settled ?? false });
        return;
      case "stepBack":
        this.#backFromEnd = this.#state === "ended";
        this.#seek({ instructions: machine.instructions - (this.#backFromEnd ? 0 : 1), position: 0, settled: false });
        return;
      case "shown":
        this.#outbox.shown(command.amount);
        if (this.#state === "running") this.#schedule();
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
          const stop = command.type === "stepOut" ? outOf(machine, guest.symbolizer) : over(machine, guest.symbolizer);
          if (stop === undefined) this.#step(1);
          else this.#go(stop);
        });
        break;
      case "breakpoints":
        this.#stops.breakpoints = new Set(command.addresses);
        break;
      case "addFiles":
        this.#refusable(() => {
          this.#fork();
          guest.teller.give(this.#timeline!.tape, command.files);
        });
        break;
      case "pause":
        if (this.#state === "running" || this.#state === "waiting") this.#pause("pause");
        break;
      case "step":
        if (this.#state === "paused") this.#step(command.count);
        break;
      case "input":
        // In a run that is made again, what the terminal answered is on the tape.
        if (this.#goal !== undefined || (!this.#timeline!.tape.live && isTerminalAnswer(command.bytes))) break;
        this.#fork();
        inputs.type(command.bytes);
        this.#wake();
        break;
      case "resize":
        inputs.resize(command.size);
        this.#wake();
        break;
    }
  }

  // ---- Beginning

  #inputs(streams: Streams): PageInputs {
    return new PageInputs({ streams, now: () => this.#host.now(), write: (stream, bytes) => this.#outbox.write(stream, bytes) });
  }

  #start(message: StartMessage): void {
    this.#surroundings = { prebuilt: message.prebuilt, windowBits: message.windowBits };
    this.#tracing = message.strace;
    const { elf } = message;
    this.#digest = elf && (() => this.#host.sha256(elf));
    const inputs = this.#inputs(message.streams);
    const made = createMachine(message, { ...this.#surroundings, inputs });
    this.#adopt(made, inputs, inputs.size);
    const first = this.#checkpoint({ instructions: 0, position: 0, settled: true });
    if (first === undefined) throw new Error("The program's state cannot be told.");
    this.#timeline = new Timeline(first, message.tape);
    this.#host.post({ type: "started", windowBits: made.windowBits, machineRevision: MACHINE_REVISION }, []);
    this.#pause("start");
  }

  #restore(message: RestoreMessage): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#state = "paused";
    this.#goal = undefined;
    this.#outbox.muted = false;
    this.#surroundings = { prebuilt: message.prebuilt, windowBits: message.windowBits };
    this.#tracing = message.strace;
    const { streams, image, screen } = message;
    const { id } = message;
    const known = this.#timeline?.marked(id);
    const mark: Mark = known ?? {
      instructions: 0,
      position: 0,
      settled: true,
      unread: streams.kind === "pipes" ? streams.input : new Uint8Array(0),
      size: streams.kind === "terminal" ? streams.size : undefined,
      written: { parts: [screen], length: screen.length },
      strace: "",
    };
    const made = this.#return({ ...mark, image });
    if (known !== undefined && id !== undefined) {
      this.#timeline = this.#timeline?.at(id, image);
    } else {
      const { instructions } = made.machine;
      this.#digest = undefined;
      this.#timeline = new Timeline({ ...mark, instructions, image });
      this.#host.post({ type: "started", windowBits: made.windowBits, machineRevision: MACHINE_REVISION }, []);
    }
    this.#outbox.show();
    this.#pause("restore");
  }

  /** The machine of a checkpoint takes the place of the one that is there. */
  #return({ image, size, unread, ...rest }: Checkpoint): Made {
    const now = this.#guest?.inputs.size;
    const inputs = this.#inputs(size === undefined ? { kind: "pipes", input: unread } : { kind: "terminal", size: now ?? size });
    const made = restoreMachine(image, { ...this.#surroundings, inputs }, this.#guest?.machine);
    this.#outbox.reset(rest);
    this.#adopt(made, inputs, size);
    return made;
  }

  /** `size`: of the terminal that the guest knows. */
  #adopt({ machine }: Made, inputs: PageInputs, size: PageInputs["size"]): void {
    const symbolizer = new Symbolizer(machine.space);
    const teller = new Teller(machine, inputs, size);
    this.#guest = { teller, machine, inputs, symbolizer, looker: new Looker(machine, symbolizer) };
    const notice = (text: string): void => {
      if (!this.#outbox.muted) this.#host.post({ type: "notice", text }, []);
    };
    machine.listen({
      unknown: (_task, number, first) => {
        if (first) notice(`System call ${number} is not implemented; the program gets ENOSYS.`);
      },
      unimplemented: (_task, address, _bytes, _lacking, mnemonic) => {
        const name = mnemonic === "" ? "" : ` (${mnemonic})`;
        notice(`The instruction at 0x${address.toString(16)}${name} is not implemented; the program gets SIGILL.`);
      },
    });
    machine.listen(new CrashReporter(notice));
    if (this.#tracing) machine.listen(new Strace({ write: (text) => this.#outbox.strace(text) }));
  }

  // ---- Moments

  get #moment(): Moment {
    const { tape } = this.#timeline!;
    return { instructions: this.#guest!.machine.instructions, position: tape.position, settled: tape.settled };
  }

  #mark(moment: Moment): Mark {
    const { inputs, teller } = this.#guest!;
    return { ...moment, unread: inputs.unread, size: teller.size, ...this.#outbox.mark() };
  }

  /** undefined where the state cannot be told just now. */
  #checkpoint(moment: Moment): Checkpoint | undefined {
    try {
      return { ...this.#mark(moment), image: imageBytes(saveImage(this.#guest!.machine)) };
    } catch (error) {
      if (error instanceof BusyError) return undefined;
      throw error;
    }
  }

  #keepCheckpoint(): void {
    const began = this.#host.elapsed();
    const checkpoint = this.#checkpoint(this.#moment);
    if (checkpoint !== undefined) this.#timeline!.add(checkpoint, this.#host.elapsed() - began);
  }

  async #snapshot(id: number): Promise<Report> {
    const { machine, inputs } = this.#guest!;
    const moment = this.#moment;
    const image = imageBytes(saveImage(machine));
    const mark = this.#mark(moment);
    this.#timeline!.mark(id, mark);
    const report = {
      moment,
      machineRevision: MACHINE_REVISION,
      program: [...machine.kernel.processes.values()][0]?.path ?? "",
      screen: this.#outbox.screen(),
      unread: inputs.size === undefined ? mark.unread.slice() : undefined,
      tape: this.#timeline!.tape.past(),
    };
    const digest = await this.#digest?.();
    return { type: "snapshot", id, sha256: await this.#host.sha256(image), digest, image, ...report };
  }

  /** Something new is told to the machine: what lay ahead will not happen. */
  #fork(): void {
    if (this.#timeline!.tape.live) return;
    this.#timeline!.cut(this.#moment);
  }

  #seek(wanted: Moment): void {
    const timeline = this.#timeline!;
    if (this.#state === "waiting") this.#endWait();
    const here = this.#moment;
    const goal = wanted.instructions < timeline.earliest ? { instructions: timeline.earliest, position: 0, settled: false } : wanted;
    if (this.#state === "ended" || compareMoments(goal, here) < 0) this.#return(timeline.begin(goal));
    this.#limit = goal.instructions;
    if (goal.instructions > timeline.latest) {
      this.#go();
      return;
    }
    this.#goal = goal;
    this.#near = timeline.near(this.#guest!.machine.instructions, goal.instructions);
    this.#outbox.muted = true;
    this.#state = "running";
    this.#takeTurn();
  }

  /** What was sought is there, or as near as can be. */
  #found(): void {
    this.#goal = undefined;
    this.#near = undefined;
    this.#outbox.muted = false;
    this.#outbox.show();
  }

  // ---- Running

  #look({ id, kind, ask }: LookCommand): void {
    try {
      this.#host.post({ type: "looked", id, answer: this.#guest!.looker.answer(kind, ask) }, []);
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

  /** What is answered later, or in vain. */
  #answerWith(id: number, answer: () => Promise<Report>): void {
    answer().then(
      (report) => this.#host.post(report, report.type === "snapshot" ? [report.image.buffer] : []),
      (error: unknown) => this.#host.post({ type: "unanswered", id, message: messageOf(error) }, []),
    );
  }

  #go(stop?: Stop): void {
    this.#stops.begin(stop);
    this.#waitingSince = this.#host.elapsed();
    this.#state = "running";
    this.#report();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || (this.#outbox.full && this.#goal === undefined)) return;
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
    const ns = Math.round((this.#host.elapsed() - this.#waitingSince) * 1e6);
    this.#guest!.teller.say(this.#timeline!.tape, { type: "elapse", ns });
  }

  /** Runs at most `most` instructions, fewer where something is to be told to the machine in between. */
  #runSlice(most: number): RunEnd {
    const { machine, teller } = this.#guest!;
    const { tape } = this.#timeline!;
    if (tape.due < machine.instructions) this.#timeline!.cut(this.#moment);
    teller.feed(tape, this.#goal?.position);
    if (this.#goal !== undefined && this.#hasArrived(machine)) return { reason: "limit" };
    const budget = Math.min(most, tape.due - machine.instructions);
    let end: RunEnd;
    // Without a budget the machine only looks at what it was told.
    if (budget <= 0) end = machine.run({ maxInstructions: 0 });
    else if (this.#goal !== undefined) end = this.#stops.runThrough(machine, budget);
    else end = this.#stops.run(machine, budget);
    tape.ran();
    if (end.reason !== "waiting" || tape.live) return end;
    // In an earlier run the machine was told something here, or else it is not that run any more.
    if (tape.due !== machine.instructions) this.#timeline!.cut(this.#moment);
    return { reason: "limit" };
  }

  #takeTurn(): void {
    if (this.#state !== "running") return;
    const { machine } = this.#guest!;
    if (this.#arrived(machine)) return;
    const began = this.#host.elapsed();
    let now = began;
    let end: RunEnd;
    do {
      const before = machine.instructions;
      const sliceBegan = now;
      end = this.#runSlice(Math.min((this.#near ?? this.#limit) - before, this.#slice));
      if (machine.instructions === this.#near) {
        this.#near = undefined;
        this.#keepCheckpoint();
      }
      now = this.#host.elapsed();
      if (machine.instructions - before < this.#slice) continue;
      // Slower at once, faster by degrees.
      const factor = Math.min(2, SLICE_MS / Math.max(now - sliceBegan, 0.01));
      this.#slice = Math.round(Math.min(Math.max(this.#slice * factor, SHORTEST_SLICE), LONGEST_SLICE));
    } while (end.reason === "limit" && now - began < TURN_MS && !this.#outbox.due && !this.#hasArrived(machine));
    this.#runMs += now - began;
    this.#outbox.flush();
    if (this.#timeline!.ran(now - began, machine.instructions) && end.reason === "limit") this.#keepCheckpoint();
    if (end.reason === "exited") {
      this.#exit(end.status);
    } else if (end.reason === "waiting") {
      this.#wait(end.ns);
    } else if (end.reason === "breakpoint" || end.reason === "intercepted") {
      this.#pause(this.#stops.reason(machine));
    } else if (!this.#arrived(machine)) {
      if (this.#host.elapsed() - this.#reported >= PROGRESS_MS) this.#report();
      this.#schedule();
    }
  }

  /** Where the machine should stop is reached. */
  #hasArrived({ instructions }: Machine): boolean {
    return this.#goal === undefined ? instructions >= this.#limit : compareMoments(this.#moment, this.#goal) >= 0;
  }

  /** As {@link #hasArrived}; then it stands still. */
  #arrived(machine: Machine): boolean {
    if (!this.#hasArrived(machine)) return false;
    const sought = this.#goal !== undefined;
    if (sought) this.#found();
    this.#pause(sought ? "seek" : "limit");
    return true;
  }

  #wait(ns: number): void {
    if (this.#goal !== undefined) {
      if (this.#arrived(this.#guest!.machine)) return;
      this.#found();
    }
    this.#state = "waiting";
    this.#waitingSince = this.#host.elapsed();
    if (ns < Infinity) this.#cancelTimer = this.#host.after(Math.min(Math.max(ns / 1e6, 0), LONGEST_WAIT), () => this.#guarded(() => this.#wake()));
    this.#report();
  }

  #step(count: number): void {
    const { machine } = this.#guest!;
    const until = machine.instructions + count;
    this.#stops.begin(undefined);
    let end: RunEnd;
    do end = this.#runSlice(until - machine.instructions);
    while (end.reason === "limit" && machine.instructions < until);
    this.#timeline!.ran(0, machine.instructions);
    this.#outbox.flush();
    if (end.reason === "exited") this.#exit(end.status);
    else this.#pause("step");
  }

  #pause(reason: PauseReason): void {
    if (this.#state === "waiting") this.#endWait();
    if (this.#goal !== undefined) this.#found();
    this.#state = "paused";
    this.#outbox.flush();
    const { machine, symbolizer } = this.#guest!;
    this.#host.post({ type: "paused", reason, cpu: cpuView(machine, symbolizer), ...this.#progress() }, []);
  }

  #exit(status: { readonly code: number; readonly signal: number }): void {
    this.#state = "ended";
    const { instructions } = this.#guest!.machine;
    if (this.#goal !== undefined) {
      if (this.#backFromEnd && instructions === this.#goal.instructions) {
        this.#backFromEnd = false;
        this.#seek({ instructions: instructions - 1, position: 0, settled: false });
        return;
      }
      this.#found();
    }
    const { code, signal } = status;
    this.#host.post(
      { type: "exited", status: signal > 0 ? EXIT_SIGNAL + signal : code, signal: signal > 0 ? signalName(signal) : undefined, ...this.#progress() },
      [],
    );
  }

  #progress(): Progress {
    const { earliest, latest } = this.#timeline!;
    const { instructions } = this.#guest!.machine;
    return { instructions, runMs: this.#runMs, earliest, latest: Math.max(latest, instructions) };
  }

  #report(): void {
    this.#reported = this.#host.elapsed();
    const activity = this.#goal !== undefined ? "seeking" : this.#state === "waiting" ? "waiting" : "running";
    this.#host.post({ type: "progress", activity, ...this.#progress() }, []);
  }

  /** A failure of the machine is told; nothing can go on after it. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#state = "ended";
      this.#guest = undefined;
      this.#host.post({ type: "failed", message: messageOf(error) }, []);
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
