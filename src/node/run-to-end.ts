// Runs a machine until its program has ended: gives it turns short enough that signals of the host are seen, waits for the host where nothing
// inside can go on, and hands over what came.
import { constants } from "node:os";
import type { HostAnswer } from "../linux/index.ts";
import type { NodeInputs } from "./inputs.ts";

/** Why a turn ended. */
export type TurnEnd =
  /** The program has ended. */
  | { readonly reason: "exited" }
  /** As many instructions as were allowed have been executed. */
  | { readonly reason: "limit" }
  /** Every task waits, for the host or at most `ns` nanoseconds of virtual time (Infinity: no timer runs). */
  | { readonly reason: "waiting"; readonly ns: number };

/** What the loop needs of a machine. */
export interface Turns {
  /** Instructions executed since the start. */
  readonly instructions: number;
  /** Executes up to `maxInstructions` more instructions. */
  turn(maxInstructions: number): TurnEnd;
  answer(id: number, answer: HostAnswer): void;
  /** `ns` nanoseconds of real time went by while the host was waited for. */
  elapse(ns: number): void;
  /** A signal for the first process, by Linux number. */
  signal(signal: number): void;
}

export interface RunToEndOptions {
  /** Stop after this many instructions in all. */
  readonly maxInstructions?: number;
  /** Let signals of the host reach the guest instead of ending this process. */
  readonly signals?: boolean;
}

/** Signals that reach the guest, with their Linux numbers. SIGTSTP, SIGTTIN and SIGTTOU stop this process as they would stop the program. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGUSR1: 10, SIGUSR2: 12, SIGALRM: 14, SIGTERM: 15, SIGCONT: 18, SIGWINCH: 28 } as const;

/** How long a turn should take: what a signal may wait, against the cost of a look at the event loop (some 20 microseconds). */
const TURN_MS = 8;
const FIRST_TURN = 1_000_000;
const SHORTEST_TURN = 100_000;
const LONGEST_TURN = 1e9;

/** Resolves with why the last turn ended: "exited" or "limit". */
export async function runToEnd(machine: Turns, inputs: NodeInputs, options: RunToEndOptions = {}): Promise<"exited" | "limit"> {
  const { maxInstructions = Infinity, signals = true } = options;
  const listeners = signals
    ? listen((signal) => {
        machine.signal(signal);
        inputs.interrupt();
      })
    : undefined;
  let size = FIRST_TURN;
  try {
    for (;;) {
      const left = maxInstructions - machine.instructions;
      if (left <= 0) return "limit";
      const started = performance.now();
      const end = machine.turn(Math.min(left, size));
      const took = performance.now() - started;
      if (end.reason === "exited") return "exited";
      if (end.reason === "waiting") {
        await inputs.wait(end.ns / 1e6);
        machine.elapse(Math.round((performance.now() - started - took) * 1e6));
      } else {
        // Towards TURN_MS, at most by a factor of 4 at a time: the next turn may be of quite another speed.
        size = Math.min(Math.max(size * Math.min(4, Math.max(0.25, TURN_MS / Math.max(took, 0.01))), SHORTEST_TURN), LONGEST_TURN);
        size = Math.round(size);
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

function listen(forward: (signal: number) => void): { close(): void } {
  const handlers = Object.entries(SIGNALS)
    // A host that does not know a signal cannot be listened to for it.
    .filter(([name]) => name in constants.signals)
    .map(([name, number]) => [name, () => forward(number)] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  return {
    close: () => {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
