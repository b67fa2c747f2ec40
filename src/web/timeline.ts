/**
 * A run as something to move about in: checkpoints to begin from, and a tape of what came from outside. Between two moments the machine
 * does again what it did.
 */
import { type Checkpoint, compareMoments, History, type Moment } from "./history.ts";
import { type InputEvent, InputTape } from "./input-tape.ts";

/** A checkpoint without its image. */
export type Mark = Omit<Checkpoint, "image">;

/** A mark with what came before it, whatever becomes of the run. */
interface Marked {
  readonly mark: Mark;
  readonly past: readonly InputEvent[];
  /** The run has gone another way since. */
  lost: boolean;
}

/** Between two checkpoints the machine runs for at least so long, and so much longer than making one takes. */
const APART_MS = 200;
const APART_FACTOR = 25;
/** Bytes of an image that is made by the way: the machine stands still meanwhile, and somebody may want to pause it. */
const LARGEST = 48 * 2 ** 20;
/** A checkpoint this far before a moment that was gone back to makes the next steps back short. */
const NEAR = 4000;

export class Timeline {
  readonly tape: InputTape;
  readonly #history: History;
  readonly #marks: Map<number, Marked> = new Map();
  #latest: number;
  /** Milliseconds that the machine ran since the last checkpoint, and that this one took; bytes of its image. */
  #ran = 0;
  #cost = 0;
  #bytes: number;

  constructor(first: Checkpoint, events: readonly InputEvent[] = []) {
    this.tape = new InputTape(events);
    this.#history = new History(first);
    this.#bytes = first.image.length;
    this.#latest = Math.max(events.at(-1)?.at ?? 0, first.instructions);
  }

  /** The counts between which one can go back and forth. */
  get earliest(): number {
    return this.#history.first.instructions;
  }

  get latest(): number {
    return this.#latest;
  }

  /** The machine ran for `ms` and has completed `instructions`. True: a checkpoint should be made now. */
  ran(ms: number, instructions: number): boolean {
    this.#latest = Math.max(this.#latest, instructions);
    this.#ran += ms;
    return this.#bytes <= LARGEST && this.#ran >= Math.max(APART_MS, APART_FACTOR * this.#cost);
  }

  /** `ms`: what making it took. */
  add(checkpoint: Checkpoint, ms: number): void {
    this.#history.add(checkpoint);
    this.#cost = ms;
    this.#bytes = checkpoint.image.length;
    this.#ran = 0;
  }

  /** Where to begin in order to get to `moment`; the tape is there too. */
  begin(moment: Moment): Checkpoint {
    const checkpoint = this.#history.before(moment);
    this.#go(checkpoint);
    return checkpoint;
  }

  #go({ position, settled }: Moment): void {
    this.tape.rewind(position, settled);
    this.#ran = 0;
  }

  /** On the way from `from` to `to`: the count at which another checkpoint pays. */
  near(from: number, to: number): number | undefined {
    return to - from > 2 * NEAR ? to - NEAR : undefined;
  }

  mark(id: number, mark: Mark): void {
    this.#marks.set(id, { mark, past: this.tape.past(), lost: false });
  }

  marked(id: number | undefined): Mark | undefined {
    return id === undefined ? undefined : this.#marks.get(id)?.mark;
  }

  /** The machine was restored to a mark, whose image is given. The run that it belongs to from now on: this one, or one that begins there. */
  at(id: number, image: Uint8Array<ArrayBuffer>): Timeline {
    const marked = this.#marks.get(id);
    if (marked === undefined) throw new RangeError("no such mark");
    const { mark, past, lost } = marked;
    if (!lost) {
      this.#go(mark);
      return this;
    }
    const other = new Timeline({ ...mark, image }, past);
    for (const [key, each] of this.#marks) other.#marks.set(key, { ...each, lost: key !== id });
    other.#go(mark);
    return other;
  }

  /** What lay ahead of `moment` will not happen: something else comes. */
  cut(moment: Moment): void {
    this.tape.cut();
    this.#history.cut(moment);
    for (const each of this.#marks.values()) if (compareMoments(each.mark, moment) > 0) each.lost = true;
    this.#latest = moment.instructions;
  }
}
