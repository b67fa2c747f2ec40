// The page's side of a machine: one Worker for each start, and what it reports as one state that views are drawn from.
import type { Activity, Command, CpuView, Looks, Report, RestoreMessage, Snapshot, StartMessage } from "../../src/web/index.ts";
import prebuiltUrl from "../../dist/interpreter.bin?url";
import { fetchBytes } from "./programs.ts";

/** "none": nothing was started yet, or it was stopped. */
export type Phase = "none" | "loading" | "paused" | "running" | "waiting" | "ended";

export interface MachineState {
  readonly phase: Phase;
  /** What is happening, in a sentence. */
  readonly sentence: string;
  /** What went wrong, in a sentence. */
  readonly error: string | undefined;
  /** What the machine said of things that it does not have, and of signals that ended the program. */
  readonly notices: readonly string[];
  readonly instructions: number;
  readonly runMs: number;
  /** The counts between which one can go back and forth. */
  readonly earliest: number;
  readonly latest: number;
  /** Instructions in a second, of late. */
  readonly speed: number | undefined;
  /** At the last standstill. */
  readonly cpu: CpuView | undefined;
  /** Registers whose value differs from the standstill before. */
  readonly changed: ReadonlySet<string>;
  /** Flags for which the same is true. */
  readonly flagsChanged: ReadonlySet<string>;
  /** Rises with each standstill: what was seen of the machine before may have changed. */
  readonly stamp: number;
  /** Addresses at which the program stops. */
  readonly breakpoints: ReadonlySet<number>;
}

export const nothing: MachineState = {
  phase: "none",
  sentence: "Choose a program and press Run.",
  error: undefined,
  notices: [],
  instructions: 0,
  runMs: 0,
  earliest: 0,
  latest: 0,
  speed: undefined,
  cpu: undefined,
  changed: new Set(),
  flagsChanged: new Set(),
  stamp: 0,
  breakpoints: new Set(),
};

export interface MachineViews {
  readonly state: (state: MachineState) => void;
  /** Calls back when the bytes are on the screen. */
  readonly output: (bytes: Uint8Array, shown: () => void) => void;
  readonly strace: (text: string) => void;
  /** What the terminal and the lines of strace show now, in the place of everything before; calls back when it is on the screen. */
  readonly screen: (bytes: Uint8Array, strace: string, shown: () => void) => void;
}

/** A snapshot, and by which machine of this page it was made. */
export interface TakenSnapshot extends Snapshot {
  readonly id: number;
  readonly generation: number;
}

let prebuilt: Promise<Uint8Array> | undefined;

/** The interpreter's modules, loaded once. */
export function loadInterpreter(): Promise<Uint8Array> {
  prebuilt ??= fetchBytes(prebuiltUrl, "The interpreter").catch((error: unknown) => {
    prebuilt = undefined;
    throw error;
  });
  return prebuilt;
}

/** After these an error of before is of no interest any more. */
const ACTIONS: ReadonlySet<Command["type"]> = new Set(["run", "pause", "step", "stepOver", "stepOut", "stepBack", "seek"]);

const numbers = new Intl.NumberFormat("en");
const instructionText = (count: number): string => `${numbers.format(count)} ${count === 1 ? "instruction" : "instructions"}`;

const ACTIVITIES: Readonly<Record<Activity, string>> = {
  running: "The program runs.",
  waiting: "The program waits for input or for a time.",
  seeking: "The program runs again what it ran before.",
};

export class MachineClient {
  readonly #views: MachineViews;
  #worker: Worker | undefined;
  #state: MachineState = nothing;
  #looks = 0;
  /** Counts Workers: only the one that made a snapshot knows what was before and behind it. */
  #generation = 0;
  readonly #looking: Map<number, { readonly resolve: (answer: never) => void; readonly reject: (error: Error) => void }> = new Map();
  #lastProgress: { readonly instructions: number; readonly runMs: number } = { instructions: 0, runMs: 0 };

  constructor(views: MachineViews) {
    this.#views = views;
  }

  get phase(): Phase {
    return this.#state.phase;
  }

  /** Completed, as last reported. */
  get instructions(): number {
    return this.#state.instructions;
  }

  /** Another program is chosen. */
  reset(): void {
    this.#end();
    this.#set({ ...nothing, stamp: this.#state.stamp + 1 });
  }

  /** Says an error that leaves the machine as it is. */
  say(error: string): void {
    this.#set({ ...this.#state, error });
  }

  /** Ends what runs and loads a program, which then stands before its first instruction. `then` is sent at once. */
  start(message: Omit<StartMessage, "type">, then?: Command): void {
    this.#begin("The program is being loaded.");
    this.send({ type: "start", ...message });
    this.#sendBreakpoints();
    if (then) this.send(then);
  }

  /** Whether the machine that is there made the snapshot. */
  knows({ generation }: Pick<TakenSnapshot, "generation">): boolean {
    return this.#worker !== undefined && generation === this.#generation;
  }

  /** Goes on with an image, in the machine that is there if there is one; `made` by it: one can go back and forth from there as before. */
  restore(message: Omit<RestoreMessage, "type" | "id">, made?: Pick<TakenSnapshot, "id">): void {
    if (this.#worker === undefined) this.#begin("The snapshot is being restored.");
    else this.#set({ ...this.#state, error: undefined, notices: [] });
    this.send({ type: "restore", ...message, ...(made === undefined ? {} : { id: made.id }) });
    this.#sendBreakpoints();
  }

  #sendBreakpoints(): void {
    const { breakpoints } = this.#state;
    if (breakpoints.size > 0) this.send({ type: "breakpoints", addresses: [...breakpoints] });
  }

  #begin(sentence: string): void {
    this.#end();
    this.#generation++;
    const worker = new Worker(new URL("../../src/web/worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    this.#lastProgress = { instructions: 0, runMs: 0 };
    const { breakpoints } = this.#state;
    this.#set({ ...nothing, phase: "loading", sentence, stamp: this.#state.stamp + 1, breakpoints });
    worker.addEventListener("message", (event: MessageEvent<Report>) => {
      if (worker === this.#worker) this.#hear(event.data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (worker === this.#worker) this.fail(`The machine's worker failed: ${event.message || "it could not be loaded"}.`);
    });
  }

  /** The state as it is, between two instructions. Rejects with a sentence. */
  async snapshot(): Promise<TakenSnapshot> {
    if (this.#worker === undefined) throw new Error("There is no program whose state could be saved.");
    const id = ++this.#looks;
    const generation = this.#generation;
    const snapshot = await new Promise<Snapshot>((resolve, reject) => {
      this.#looking.set(id, { resolve, reject });
      this.send({ type: "snapshot", id });
    });
    return { ...snapshot, id, generation };
  }

  send(command: Command): void {
    if (ACTIONS.has(command.type) && this.#state.error !== undefined) this.#set({ ...this.#state, error: undefined });
    this.#worker?.postMessage(command);
  }

  /** True while there is a machine that can be looked at, also after its program has ended. */
  get alive(): boolean {
    return this.#worker !== undefined;
  }

  /** Asks to see something of the machine. Rejects with a sentence. */
  look<K extends keyof Looks>(kind: K, ask: Looks[K]["ask"]): Promise<Looks[K]["answer"]> {
    if (this.#worker === undefined) return Promise.reject(new Error("No program is loaded."));
    const id = ++this.#looks;
    return new Promise((resolve, reject) => {
      this.#looking.set(id, { resolve, reject });
      // The types of the question and of its kind agree: they come in as one.
      this.#worker?.postMessage({ type: "look", id, kind, ask });
    });
  }

  toggleBreakpoint(address: number): void {
    const breakpoints = new Set(this.#state.breakpoints);
    if (!breakpoints.delete(address)) breakpoints.add(address);
    this.setBreakpoints(breakpoints);
  }

  setBreakpoints(breakpoints: ReadonlySet<number>): void {
    this.#set({ ...this.#state, breakpoints });
    this.send({ type: "breakpoints", addresses: [...breakpoints] });
  }

  /** Ends the Worker; who waits for an answer of it is told. */
  #end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { reject } of this.#looking.values()) reject(new Error("The program was stopped."));
    this.#looking.clear();
  }

  /** At once, whatever the guest does. */
  stop(): void {
    this.#end();
    const { instructions } = this.#state;
    this.#set({
      ...this.#state,
      phase: "none",
      speed: undefined,
      cpu: undefined,
      sentence: `Stopped after ${instructionText(instructions)} or a few more.`,
    });
  }

  fail(error: string): void {
    this.#end();
    this.#set({ ...this.#state, phase: "none", speed: undefined, cpu: undefined, sentence: "Nothing runs.", error });
  }

  /** Says that something is under way before there is a Worker. */
  loading(sentence: string): void {
    this.#end();
    const { breakpoints, stamp } = this.#state;
    this.#set({ ...nothing, phase: "loading", sentence, breakpoints, stamp });
  }

  #set(state: MachineState): void {
    this.#state = state;
    this.#views.state(state);
  }

  #hear(report: Report): void {
    const state = this.#state;
    switch (report.type) {
      case "started":
        return;
      case "output":
        this.#views.output(report.bytes, () => this.send({ type: "shown", amount: report.bytes.length }));
        return;
      case "strace":
        this.#views.strace(report.text);
        this.send({ type: "shown", amount: report.text.length });
        return;
      case "notice":
        this.#set({ ...state, notices: [...state.notices, report.text] });
        return;
      case "refused":
        this.#set({ ...state, error: report.message });
        return;
      case "screen":
        this.#views.screen(report.bytes, report.strace, () => this.send({ type: "shown", amount: report.bytes.length + report.strace.length }));
        return;
      case "looked":
      case "unlooked":
      case "snapshot":
      case "unanswered": {
        const asked = this.#looking.get(report.id);
        this.#looking.delete(report.id);
        // Who asked knows what kind of answer comes.
        if (report.type === "looked") asked?.resolve(report.answer as never);
        else if (report.type === "snapshot") asked?.resolve(report as never);
        else asked?.reject(new Error(sentence(report.message)));
        return;
      }
      case "described":
      case "compared":
        return;
      case "failed":
        this.fail(`${sentence(report.message)}`);
        return;
    }
    const { instructions, runMs, earliest, latest } = report;
    const progress = { ...state, instructions, runMs, earliest, latest };
    switch (report.type) {
      case "progress": {
        const ms = runMs - this.#lastProgress.runMs;
        const speed = ms > 20 ? ((instructions - this.#lastProgress.instructions) / ms) * 1000 : state.speed;
        if (ms > 20) this.#lastProgress = { instructions, runMs };
        this.#set({ ...progress, speed, phase: report.activity === "waiting" ? "waiting" : "running", sentence: ACTIVITIES[report.activity] });
        return;
      }
      case "paused": {
        const before = new Map(state.cpu?.registers.map(({ name, value }) => [name, value]));
        const changed = report.cpu.registers.filter(({ name, value }) => before.size > 0 && before.get(name) !== value).map(({ name }) => name);
        const where = report.cpu.instructions.find(({ next }) => next)?.place;
        const why = report.reason === "breakpoint" ? "Breakpoint" : "Paused";
        const at = report.reason === "start" ? "Before the first instruction" : `${why} after ${instructionText(instructions)}`;
        this.#set({
          ...progress,
          phase: "paused",
          speed: undefined,
          cpu: report.cpu,
          changed: new Set(changed),
          flagsChanged: new Set(state.cpu === undefined ? [] : symmetricDifference(state.cpu.flags, report.cpu.flags)),
          stamp: state.stamp + 1,
          sentence: `${at}${where ? `, at ${where}` : ""}.`,
        });
        return;
      }
      case "exited": {
        const how = report.signal === undefined ? `Ended with status ${report.status}` : `Ended by ${report.signal} (status ${report.status})`;
        const speed = runMs > 0 ? (instructions / runMs) * 1000 : undefined;
        this.#set({
          ...progress,
          phase: "ended",
          speed,
          cpu: undefined,
          stamp: state.stamp + 1,
          sentence: `${how} after ${instructionText(instructions)}.`,
        });
        return;
      }
    }
  }
}

function symmetricDifference(a: readonly string[], b: readonly string[]): string[] {
  return [...a.filter((each) => !b.includes(each)), ...b.filter((each) => !a.includes(each))];
}

/** A message of the machine as a sentence. */
function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
