// Runs a machine until its program has ended: gives it turns short enough that signals of the host are seen, waits for the host where nothing
// inside can go on, and hands over what came.
import { constants } from "node:os";
import type { Intercept, Machine, RunEnd } from "../machine/index.ts";
import type { NodeInputs } from "./inputs.ts";

/** What saves a running machine. */
export interface Checkpoint {
  /** Signals of this process that ask for one instead of reaching the guest. */
  readonly signals: readonly string[];
  /** Such a signal came. */
  ask(): void;
  /** One is to be made before the next instruction. */
  readonly wanted: boolean;
  /** Count of instructions at which the next one is wanted, and milliseconds until then; Infinity for neither. */
  readonly nextCount: number;
  readonly msLeft: number;
  /** Makes one; true: the machine must not go on. */
  save(): boolean;
}

export interface RunToEndOptions {
  /** Stop after this many instructions in all. */
  readonly maxInstructions?: number;
  /** Let signals of the host reach the guest instead of ending this process. */
  readonly signals?: boolean;
  readonly checkpoint?: Checkpoint;
  readonly intercept?: Intercept;
  /** Go on from a breakpoint (`Machine.setBreakpoints`). */
  readonly resume?: boolean;
}

/** Why the machine stopped for good. */
export type FinalEnd = Exclude<RunEnd, { reason: "waiting" }> | { readonly reason: "checkpoint" };

/** Signals that reach the guest, with their Linux numbers. SIGTSTP, SIGTTIN and SIGTTOU stop this process as they would stop the program. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGUSR1: 10, SIGUSR2: 12, SIGALRM: 14, SIGTERM: 15, SIGCONT: 18, SIGWINCH: 28 } as const;

/** How long a turn should take: what a signal may wait, against the cost of a look at the event loop (some 20 microseconds). */
const TURN_MS = 8;
const FIRST_TURN = 100_000;
const SHORTEST_TURN = 1000;
const LONGEST_TURN = 1e9;
/** A turn whose speed was misjudged ends then. */
export const MOST_MS: number = 2 * TURN_MS;

/** Instructions of the first turn, and of the one after a turn of `done` that took `ms`: towards TURN_MS, at most by a factor of 4 at a time, for it may be of quite another speed. */
export function turnSize(done: number = 0, ms: number = 0): number {
  if (done === 0) return FIRST_TURN;
  return Math.round(Math.min(Math.max(done * Math.min(4, TURN_MS / Math.max(ms, 0.01)), SHORTEST_TURN), LONGEST_TURN));
}

export async function runToEnd(machine: Machine, inputs: NodeInputs, options: RunToEndOptions = {}): Promise<FinalEnd> {
  const { maxInstructions = Infinity, signals = true, checkpoint, intercept } = options;
  const first = machine.instructions;
  const listeners = signals
    ? listen(checkpoint?.signals ?? [], (name, signal) => {
        if (checkpoint?.signals.includes(name)) {
          checkpoint.ask();
          inputs.interrupt();
          return;
        }
        const size = signal === SIGNALS.SIGWINCH ? inputs.windowSize() : undefined;
        if (size) machine.resize(size);
        else machine.signal(signal);
        inputs.interrupt();
      })
    : undefined;
  let size = turnSize();
  try {
    for (;;) {
      if (checkpoint?.wanted && checkpoint.save()) return { reason: "checkpoint" };
      const left = Math.min(maxInstructions, Math.max(checkpoint?.nextCount ?? Infinity, machine.instructions + 1)) - machine.instructions;
      if (left <= 0) return { reason: "limit" };
      const started = performance.now();
      const pause = (): boolean => performance.now() - started >= MOST_MS;
      const before = machine.instructions;
      const resume = options.resume === true && before === first;
      const end = machine.run({ maxInstructions: Math.min(left, size), pause, resume, ...(intercept === undefined ? {} : { intercept }) });
      const took = performance.now() - started;
      if (end.reason !== "limit" && end.reason !== "waiting") return end;
      if (end.reason === "waiting") {
        await inputs.wait(Math.min(end.ns / 1e6, checkpoint?.msLeft ?? Infinity));
        machine.elapse(Math.round((performance.now() - started - took) * 1e6));
      } else {
        size = turnSize(machine.instructions - before, took);
        await nextEvents();
      }
      for (const { id, answer } of inputs.take()) machine.answer(id, answer);
    }
  } finally {
    listeners?.close();
  }
}

/** Lets the event loop look at what has happened. */
function nextEvents(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function listen(others: readonly string[], forward: (name: string, signal: number) => void): { close(): void } {
  const names: Readonly<Record<string, number>> = { ...Object.fromEntries(others.map((name) => [name, 0])), ...SIGNALS };
  const handlers = Object.entries(names)
    // A host that does not know a signal cannot be listened to for it.
    .filter(([name]) => name in constants.signals)
    .map(([name, number]) => [name, () => forward(name, number)] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  return {
    close: () => {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
