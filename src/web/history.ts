// Moments of a run that can be gone back to: images in memory, few of them long ago and many of late.
import type { WindowSize } from "../linux/index.ts";
import type { Written } from "./transcript.ts";

/** A place in a run: after so many instructions, and after so many events of its input tape. */
export interface Moment {
  readonly instructions: number;
  readonly position: number;
  /** The machine looked at the last of these events: it ran, if only to wait on. */
  readonly settled: boolean;
}

export interface Checkpoint extends Moment {
  readonly image: Uint8Array<ArrayBuffer>;
  /** Input through a pipe that was not read yet. */
  readonly unread: Uint8Array;
  /** Size of the guest's terminal. */
  readonly size: WindowSize | undefined;
  readonly written: Written;
  readonly strace: string;
}

const MOST = 64;
const MOST_BYTES: number = 192 * 2 ** 20;

/** Order of moments: negative where `a` is earlier. */
export function compareMoments(a: Moment, b: Moment): number {
  return a.instructions - b.instructions || a.position - b.position || Number(a.settled) - Number(b.settled);
}

export class History {
  /** Ascending; the first is where the run began, and stays. */
  readonly #checkpoints: Checkpoint[];

  constructor(first: Checkpoint) {
    this.#checkpoints = [first];
  }

  get first(): Checkpoint {
    return this.#checkpoints[0]!;
  }

  add(checkpoint: Checkpoint): void {
    const list = this.#checkpoints;
    let at = list.length;
    while (at > 0 && compareMoments(list[at - 1]!, checkpoint) > 0) at--;
    const before = list[at - 1];
    if (before !== undefined && compareMoments(before, checkpoint) === 0) return;
    list.splice(at, 0, checkpoint);
    while (list.length > 2 && (list.length > MOST || this.#bytes() > MOST_BYTES)) list.splice(this.#leastMissed(), 1);
  }

  /** The last one at `moment` or before. */
  before(moment: Moment): Checkpoint {
    return this.#checkpoints.findLast((each) => compareMoments(each, moment) <= 0) ?? this.first;
  }

  /** Forgets those behind `moment`, which will not happen again. */
  cut(moment: Moment): void {
    while (this.#checkpoints.length > 1 && compareMoments(this.#checkpoints.at(-1)!, moment) > 0) this.#checkpoints.pop();
  }

  #bytes(): number {
    return this.#checkpoints.reduce((sum, { image, written }) => sum + image.length + written.length / MOST, 0);
  }

  /** The one without which the way from the one before grows least, compared with how long ago it is. */
  #leastMissed(): number {
    const list = this.#checkpoints;
    const end = list.at(-1)!.instructions;
    let best = 1;
    let least = Infinity;
    for (let i = 1; i < list.length - 1; i++) {
      const cost = (list[i + 1]!.instructions - list[i - 1]!.instructions) / (end - list[i]!.instructions + 1);
      if (cost >= least) continue;
      least = cost;
      best = i;
    }
    return best;
  }
}
