// The page's side of a machine: one Worker for each start, and what it reports as one state that views are drawn from.
import type { Command, CpuView, Report, StartMessage } from "../../src/web/index.ts";
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
  /** Instructions in a second, of late. */
  readonly speed: number | undefined;
  /** At the last standstill. */
  readonly cpu: CpuView | undefined;
  /** Registers whose value differs from the standstill before. */
  readonly changed: ReadonlySet<string>;
}

export const nothing: MachineState = {
  phase: "none",
  sentence: "Choose a program and press Run.",
  error: undefined,
  notices: [],
  instructions: 0,
  runMs: 0,
  speed: undefined,
  cpu: undefined,
  changed: new Set(),
};

export interface MachineViews {
  readonly state: (state: MachineState) => void;
  /** Calls back when the bytes are on the screen. */
  readonly output: (bytes: Uint8Array, shown: () => void) => void;
  readonly strace: (text: string) => void;
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

const numbers = new Intl.NumberFormat("en");
const instructionText = (count: number): string => `${numbers.format(count)} ${count === 1 ? "instruction" : "instructions"}`;

export class MachineClient {
  readonly #views: MachineViews;
  #worker: Worker | undefined;
  #state: MachineState = nothing;
  #lastProgress: { readonly instructions: number; readonly runMs: number } = { instructions: 0, runMs: 0 };

  constructor(views: MachineViews) {
    this.#views = views;
  }

  get phase(): Phase {
    return this.#state.phase;
  }

  /** Ends what runs and loads a program, which then stands before its first instruction. `then` is sent at once. */
  start(message: Omit<StartMessage, "type">, then?: Command): void {
    this.#worker?.terminate();
    const worker = new Worker(new URL("../../src/web/worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    this.#lastProgress = { instructions: 0, runMs: 0 };
    this.#set({ ...nothing, phase: "loading", sentence: "The program is being loaded." });
    worker.addEventListener("message", (event: MessageEvent<Report>) => {
      if (worker === this.#worker) this.#hear(event.data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (worker === this.#worker) this.fail(`The machine's worker failed: ${event.message || "it could not be loaded"}.`);
    });
    this.send({ type: "start", ...message });
    if (then) this.send(then);
  }

  send(command: Command): void {
    this.#worker?.postMessage(command);
  }

  /** At once, whatever the guest does. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
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
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#set({ ...this.#state, phase: "none", speed: undefined, cpu: undefined, sentence: "Nothing runs.", error });
  }

  /** Says that something is under way before there is a Worker. */
  loading(sentence: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#set({ ...nothing, phase: "loading", sentence });
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
      case "looked":
      case "unlooked":
        return;
      case "failed":
        this.fail(`${sentence(report.message)}`);
        return;
    }
    const { instructions, runMs } = report;
    const progress = { ...state, instructions, runMs };
    switch (report.type) {
      case "progress": {
        const ms = runMs - this.#lastProgress.runMs;
        const speed = ms > 20 ? ((instructions - this.#lastProgress.instructions) / ms) * 1000 : state.speed;
        if (ms > 20) this.#lastProgress = { instructions, runMs };
        const waiting = report.activity === "waiting";
        this.#set({
          ...progress,
          speed,
          phase: report.activity,
          sentence: waiting ? "The program waits for input or for a time." : "The program runs.",
        });
        return;
      }
      case "paused": {
        const before = new Map(state.cpu?.registers.map(({ name, value }) => [name, value]));
        const changed = report.cpu.registers.filter(({ name, value }) => before.size > 0 && before.get(name) !== value).map(({ name }) => name);
        const where = report.cpu.instructions.find(({ next }) => next)?.place;
        const at = report.reason === "start" ? "Before the first instruction" : `Paused after ${instructionText(instructions)}`;
        this.#set({
          ...progress,
          phase: "paused",
          speed: undefined,
          cpu: report.cpu,
          changed: new Set(changed),
          sentence: `${at}${where ? `, at ${where}` : ""}.`,
        });
        return;
      }
      case "exited": {
        const how = report.signal === undefined ? `Ended with status ${report.status}` : `Ended by ${report.signal} (status ${report.status})`;
        const speed = runMs > 0 ? (instructions / runMs) * 1000 : undefined;
        this.#set({ ...progress, phase: "ended", speed, cpu: undefined, sentence: `${how} after ${instructionText(instructions)}.` });
        return;
      }
    }
  }
}

/** A message of the machine as a sentence. */
function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
