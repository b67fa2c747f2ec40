// Runs a machine until its program has ended: gives it turns short enough that signals of the host are seen, waits for the host where nothing
// inside can go on, and hands over what came.
import { constants } from "node:os";
import type { Machine, RunEnd } from "../machine/index.ts";
import type { NodeInputs } from "./inputs.ts";

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

/** Resolves with why the machine stopped for good. */
export async function runToEnd(machine: Machine, inputs: NodeInputs, options: RunToEndOptions = {}): Promise<Exclude<RunEnd, { reason: "waiting" }>> {
  const { maxInstructions = Infinity, signals = true } = options;
  const listeners = signals
    ? listen((signal) => {
        const size = signal === SIGNALS.SIGWINCH ? inputs.windowSize() : undefined;
        if (size) machine.resize(size);
        else machine.signal(signal);
        inputs.interrupt();
      })
    : undefined;
  let size = FIRST_TURN;
  try {
    for (;;) {
      const left = maxInstructions - machine.instructions;
      if (left <= 0) return { reason: "limit" };
      const started = performance.now();
      const end = machine.run({ maxInstructions: Math.min(left, size) });
      const took = performance.now() - started;
      if (end.reason === "exited") return end;
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
