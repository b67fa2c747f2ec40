/** The image's contract, counted: a run that is moved to another machine at many instructions has the images of one that is never stopped. */
import type { Machine } from "../../src/machine/index.ts";
import type { Case } from "./support.ts";
import { difference, Run, sha256 } from "./support.ts";

export interface Moves {
  /** Of the whole run. */
  readonly instructions: number;
  /** Images that were compared: with the straight run's at the same instruction, and with the restored machine's own. */
  readonly stops: number;
  readonly largest: number;
  /** SHA-256 of the hashes of all images in order: equal on every host and engine. */
  readonly digest: string;
  /** What differed, one line each. */
  readonly differences: readonly string[];
}

/** Numbers in [0, 1) that look random and are the same in every run. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Below this many instructions to go, the smallest window is not too slow. */
const SHORT = 100_000;
/** Longest part of a moved run without a pause; the straight runs have none. */
const SLICES = [777, 65_537, 1_000_003, Infinity];

/** Runs on to instruction `at` with a pause after every `slice`, as long as that many do not take for ever. */
function toInSlices(run: Run, at: number, slice: number): void {
  const step = Math.max(slice, Math.ceil((at - run.machine.instructions) / 1000));
  while (run.machine.instructions < at) if (run.to(Math.min(at, run.machine.instructions + step)).reason !== "limit") return;
}

/** One in so many moves goes to a new machine, the others to one that has run another part. */
const NEW = 8;
/** After one in so many the new machine is saved at once; every one is saved at the next stop. */
const RESAVED = 4;

/** Takes a machine with this window from those that are done with. */
function takeMachine(done: Machine[], windowBits: number): Machine | undefined {
  const at = done.findIndex(({ space }) => space.layout.windowBits === windowBits);
  return at < 0 ? undefined : done.splice(at, 1)[0];
}

/**
 * Three runs: one to the end without a stop; one that is saved at `stops` random instructions and goes on; one that is saved at each of them, restored into
 * another machine with another window, and goes on there. Throws where the program does not end, or would wait for the host.
 */
export function countMoves(guest: Case, stops: number, limit = Infinity): Moves {
  const whole = Run.start(guest);
  const end = whole.to(limit);
  if (end.reason !== "exited") throw new Error(`${guest.name}: ${end.reason} after ${whole.machine.instructions} instructions`);
  const { instructions } = whole.machine;
  const next = random(guest.elf.length + instructions);
  const points = Array.from({ length: stops }, () => Math.floor(next() * instructions)).sort((a, b) => a - b);

  const straight = Run.start(guest);
  let largest = 0;
  const hashes = points.map((at) => {
    straight.to(at);
    const image = straight.image();
    largest = Math.max(largest, image.length);
    return sha256(image);
  });
  straight.host.close();

  const differences: string[] = [];
  const done: Machine[] = [];
  let run = Run.start(guest, 20);
  points.forEach((at, i) => {
    toInSlices(run, at, SLICES[i % SLICES.length] as number);
    const image = run.image();
    if (sha256(image) !== hashes[i]) differences.push(`stop ${i} at ${at}: not as in the straight run`);
    const windowBits = i % 16 === 15 ? 32 : (points[i + 1] ?? instructions) - at < SHORT ? 17 : 20;
    const again = run.again(image, windowBits, i % NEW === 0 ? undefined : takeMachine(done, windowBits));
    const idempotent = i % RESAVED === 0 ? difference(image, again.image()) : undefined;
    if (idempotent !== undefined) differences.push(`stop ${i} at ${at}: restored and saved, ${idempotent}`);
    run.host.close();
    done.push(run.machine);
    run = again;
  });
  const last = run.to(limit);
  if (JSON.stringify(last) !== JSON.stringify(end)) differences.push(`ended ${JSON.stringify(last)}, not ${JSON.stringify(end)}`);
  if (run.machine.instructions !== instructions) differences.push(`ended after ${run.machine.instructions} instructions, not ${instructions}`);
  if (run.host.output !== whole.host.output) differences.push("another output");
  const atExit = difference(whole.image(), run.image());
  if (atExit !== undefined) differences.push(`at exit: ${atExit}`);
  for (const { host } of [whole, run]) host.close();
  const digest = sha256(Buffer.from([...hashes, sha256(whole.image())].join("")));
  return { instructions, stops, largest, digest, differences };
}
