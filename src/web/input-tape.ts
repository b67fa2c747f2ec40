/**
 * What a machine was told from outside, with the instruction counts at which it was told: all that a program with a terminal needs to do again
 * what it did. Input through a pipe is not here: it is asked for, so the guest takes it at the same counts by itself.
 */
import type { WindowSize } from "../linux/index.ts";
import type { NewFiles } from "./messages.ts";

interface At {
  /** Instructions completed before. */
  readonly at: number;
  /** The machine did not run between the event before and this one. */
  readonly joined?: true;
}

export type InputEvent =
  /** Bytes that the terminal's read was answered with. */
  | (At & { readonly type: "bytes"; readonly bytes: Uint8Array })
  /** Nanoseconds that were waited. */
  | (At & { readonly type: "elapse"; readonly ns: number })
  | (At & { readonly type: "resize"; readonly size: WindowSize })
  | (At & { readonly type: "files"; readonly files: NewFiles });

type Untimed<T> = T extends InputEvent ? Omit<T, keyof At> : never;

/** An event that happens now. */
export type NewEvent = Untimed<InputEvent>;

export class InputTape {
  readonly #events: InputEvent[];
  #position = 0;
  #ran = true;

  constructor(events: readonly InputEvent[] = []) {
    this.#events = [...events];
  }

  /** Events that the machine was given so far. */
  get position(): number {
    return this.#position;
  }

  /** Nothing lies ahead: what happens now is new. */
  get live(): boolean {
    return this.#position === this.#events.length;
  }

  /** Instruction count of the next event; Infinity where none lies ahead. */
  get due(): number {
    return this.#events[this.#position]?.at ?? Infinity;
  }

  /** The machine ran since the last event, if only to look whether it can. */
  get settled(): boolean {
    return this.#ran;
  }

  ran(): void {
    this.#ran = true;
  }

  /** Writes down what the machine is given now; only while {@link live}. */
  record(at: number, event: NewEvent): void {
    this.#events.push({ ...event, at, ...(this.#ran ? {} : { joined: true as const }) });
    this.#position = this.#events.length;
    this.#ran = false;
  }

  /** The events to be given before the machine runs on, of the first `most` of the tape: they become past. */
  take(most: number = Infinity): readonly InputEvent[] {
    const start = this.#position;
    do this.#position++;
    while (this.#position < most && this.#events[this.#position]?.joined === true);
    this.#ran = false;
    return this.#events.slice(start, this.#position);
  }

  /** What lies ahead begins at `position`. */
  rewind(position: number, settled: boolean): void {
    this.#position = position;
    this.#ran = settled;
  }

  /** Forgets what lies ahead. */
  cut(): void {
    this.#events.length = this.#position;
  }

  /** What the machine was given so far. */
  past(): readonly InputEvent[] {
    return this.#events.slice(0, this.#position);
  }
}
