/** The contract of compiled regions, counted: whatever becomes a region and when, a run has the images, the output and the end of one that is interpreted. */
import type { Machine, MachineOptions } from "../../src/machine/index.ts";
import { random } from "./moves.ts";
import type { Case } from "./support.ts";
import { difference, Run, sha256 } from "./support.ts";

type Regions = NonNullable<MachineOptions["regions"]>;

/** When code becomes a region, from at once to never in a short run. */
export const REGION_SETTINGS = {
  "hair-trigger": { interval: 50, samples: 1, steps: 20, pace: 0 },
  "long paths": { interval: 333, samples: 2, steps: 1000, pace: 1 },
  default: {},
} as const satisfies Readonly<Record<string, Regions>>;

export interface Engines {
  /** Of the whole run. */
  readonly instructions: number;
  /** Images of runs with regions that were compared with the interpreted run's at the same instruction. */
  readonly images: number;
  /** Regions made, how often one was left, and instructions that ran in them: in runs that were not stopped, and in all. */
  readonly unstopped: Counts;
  readonly all: Counts;
  /** SHA-256 of the hashes of the interpreted run's images in order. */
  readonly digest: string;
  /** What differed, one line each. */
  readonly differences: readonly string[];
}

interface Counts {
  made: number;
  runs: number;
  instructions: number;
}

function count(into: Counts, cpu: Machine["cpu"]): void {
  const { made, runs, instructions } = cpu.regionCounts();
  into.made += made;
  into.runs += runs;
  into.instructions += instructions;
}

/** Below this many instructions to go, the smallest window is not too slow. */
const SHORT = 100_000;

/** Random stops: each with the next instruction, and the second one behind that. */
function chooseStops(guest: Case, instructions: number, stops: number): number[] {
  const next = random(guest.elf.length + instructions);
  const places = Array.from({ length: Math.ceil(stops / 3) }, () => Math.floor(next() * Math.max(1, instructions - 3)));
  return places.toSorted((a, b) => a - b).flatMap((at) => [at, at + 1, at + 3]);
}

/**
 * For each of `settings`, against a run that is interpreted: a run that is not stopped; one that is stopped and saved at `stops` instructions; and one that moves
 * there, to a machine that interprets and back to one with regions. Throws where the program does not end, or would wait for the host.
 */
export function compareEngines(guest: Case, settings: Iterable<Exclude<Regions, false>>, stops: number, limit = Infinity): Engines {
  const whole = Run.start(guest, 32, false);
  const end = whole.to(limit);
  if (end.reason !== "exited") throw new Error(`${guest.name}: ${end.reason} after ${whole.machine.instructions} instructions`);
  const { instructions } = whole.machine;
  const points = chooseStops(guest, instructions, stops);
  const last = whole.image();
  const straight = Run.start(guest, 32, false);
  const hashes = points.map((at) => {
    straight.to(at);
    return sha256(straight.image());
  });
  straight.host.close();

  const differences: string[] = [];
  const unstopped: Counts = { made: 0, runs: 0, instructions: 0 };
  const all: Counts = { made: 0, runs: 0, instructions: 0 };
  let images = 0;
  for (const regions of settings) {
    const named = JSON.stringify(regions);
    const differs = (what: string): void => void differences.push(`${named}: ${what}`);
    const atStop = (run: Run, i: number): Uint8Array => {
      const image = run.image();
      images++;
      if (sha256(image) !== hashes[i]) differs(`stop ${i} at ${points[i]}: another image`);
      return image;
    };
    const atEnd = (run: Run, how: string): void => {
      const ended = run.to(limit);
      if (JSON.stringify(ended) !== JSON.stringify(end)) differs(`${how}: ended ${JSON.stringify(ended)}, not ${JSON.stringify(end)}`);
      if (run.machine.instructions !== instructions) differs(`${how}: ended after ${run.machine.instructions} instructions, not ${instructions}`);
      if (run.host.output !== whole.host.output) differs(`${how}: another output`);
      const image = difference(last, run.image());
      images++;
      if (image !== undefined) differs(`${how}: at exit, ${image}`);
      count(all, run.machine.cpu);
      run.host.close();
    };

    const free = Run.start(guest, 32, regions);
    atEnd(free, "not stopped");
    count(unstopped, free.machine.cpu);

    const stopped = Run.start(guest, 20, regions);
    points.forEach((at, i) => {
      stopped.to(at);
      atStop(stopped, i);
    });
    atEnd(stopped, "stopped");

    let moved = Run.start(guest, 32, regions);
    let place = "";
    // By window and engine: the next machine there takes over its window and processor.
    const done = new Map<string, Machine>();
    points.forEach((at, i) => {
      moved.to(at);
      const image = atStop(moved, i);
      moved.host.close();
      done.set(place, moved.machine);
      const windowBits = (points[i + 1] ?? instructions) - at < SHORT ? 17 : 20;
      const engine = i % 2 === 0 ? false : regions;
      place = `${windowBits} ${engine !== false}`;
      moved = moved.again(image, windowBits, done.get(place), engine);
    });
    for (const cpu of new Set([...done.values()].map((machine) => machine.cpu))) if (cpu !== moved.machine.cpu) count(all, cpu);
    atEnd(moved, "moved");
  }
  whole.host.close();
  return { instructions, images, unstopped, all, digest: sha256(Buffer.from([...hashes, sha256(last)].join(""))), differences };
}
