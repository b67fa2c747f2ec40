// Saves a running machine when a signal or an interval asks for it.
import { basename } from "node:path";
import { BusyError } from "../linux/index.ts";
import type { Machine } from "../machine/index.ts";
import type { Checkpoint } from "../node/index.ts";
import { saveImage } from "../snapshot/index.ts";
import type { CheckpointOptions } from "./checkpoint-options.ts";
import { takeEarlySignal } from "./early-signals.ts";
import { CommandError } from "./errors.ts";
import { writeImage } from "./image-file.ts";
import { say } from "./stderr.ts";

export class Checkpointer implements Checkpoint {
  readonly signals: readonly string[];
  /** Where images go. */
  readonly path: string;
  readonly #machine: Machine;
  readonly #options: CheckpointOptions;
  /** A signal asked. */
  #asked = false;
  #nextCount = Infinity;
  #nextTime = Infinity;
  #complained = "";

  /** `program`: its name, for images that are given none. */
  constructor(machine: Machine, program: string, options: CheckpointOptions, fallback?: string) {
    this.#machine = machine;
    this.#options = options;
    this.signals = options.checkpointOn;
    this.path = options.snapshotTo ?? fallback ?? `${basename(program)}.${process.pid}.core`;
    if (takeEarlySignal() && this.signals.includes("SIGUSR1")) this.#asked = true;
    this.#schedule();
  }

  #schedule(): void {
    const { checkpointEvery } = this.#options;
    if (checkpointEvery === undefined) return;
    if ("ms" in checkpointEvery) this.#nextTime = performance.now() + checkpointEvery.ms;
    else this.#nextCount = (Math.floor(this.#machine.instructions / checkpointEvery.instructions) + 1) * checkpointEvery.instructions;
  }

  ask(): void {
    this.#asked = true;
  }

  get wanted(): boolean {
    return this.#asked || this.#machine.instructions >= this.#nextCount || performance.now() >= this.#nextTime;
  }

  get nextCount(): number {
    return this.#nextCount;
  }

  get msLeft(): number {
    return Math.max(0, this.#nextTime - performance.now());
  }

  /** Saves now; true where the machine must not go on. What cannot be saved yet is tried again. */
  save(): boolean {
    const asked = this.#asked;
    try {
      writeImage(this.path, saveImage(this.#machine));
    } catch (error) {
      if (!(error instanceof BusyError) && !(error instanceof CommandError)) throw error;
      if (error.message !== this.#complained) say(`no checkpoint: ${error.message}`);
      this.#complained = error.message;
      // The host may answer, a disk may have room: with the next signal or interval.
      this.#asked = false;
      this.#schedule();
      return false;
    }
    this.#complained = "";
    this.#asked = false;
    this.#schedule();
    return asked && (this.#options.exitAfterSnapshot === true || this.#options.checkpointExit !== undefined);
  }

  /** What to end with when {@link save} said to. */
  get exitStatus(): number {
    return this.#options.checkpointExit ?? 0;
  }
}
