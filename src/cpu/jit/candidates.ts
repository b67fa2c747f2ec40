/** Regions that could be compiled, until it is known that they are worth it. */

import type { Path } from "./path.ts";
import type { Region } from "./region.ts";
import { instructionsOf } from "./region.ts";

export interface Candidate {
  readonly region: Region;
  /** What it was formed of. */
  readonly path: Path;
  readonly instructions: number;
  /** Instructions that the interpreter has run in it, by samples. */
  evidence: number;
}

/** Kept at once. */
const MOST = 200;
/** Samples are counted together for so many bytes of code. */
const CHUNK = 256;

export class Candidates {
  /** By where they begin, the oldest first. */
  readonly #candidates = new Map<number, Candidate>();
  readonly #byAddress = new Map<number, Candidate>();
  /** Evidence for code of which no candidate is known, and how often it was met, by chunk. */
  readonly #evidence = new Map<number, number>();
  readonly #counts = new Map<number, number>();

  clear(): void {
    this.#candidates.clear();
    this.#byAddress.clear();
    this.#evidence.clear();
    this.#counts.clear();
  }

  /** The interpreter was at `rip`, which stands for `instructions`. How often it was thereabouts, and the candidate there. */
  sample(rip: number, instructions: number): { readonly count: number; readonly candidate: Candidate | undefined } {
    const candidate = this.#byAddress.get(rip);
    if (candidate !== undefined) {
      candidate.evidence += instructions;
      return { count: 0, candidate };
    }
    this.#evidence.set(rip, (this.#evidence.get(rip) ?? 0) + instructions);
    const chunk = Math.floor(rip / CHUNK);
    const count = (this.#counts.get(chunk) ?? 0) + 1;
    this.#counts.set(chunk, count);
    return { count, candidate: undefined };
  }

  /** A look was taken at `rip`: the next `samples` there do not count. */
  looked(rip: number, samples: number): void {
    this.#counts.set(Math.floor(rip / CHUNK), -samples);
  }

  /** `region` with the evidence that there is for it. */
  add(region: Region, path: Path): Candidate {
    const before = this.#candidates.get(region.entry.rip);
    if (before !== undefined) this.remove(before.region);
    const candidate = { region, path, instructions: instructionsOf(region), evidence: before?.evidence ?? 0 };
    for (const node of region.nodes) {
      for (const { decoded } of node.instructions) {
        candidate.evidence += this.#evidence.get(decoded.address) ?? 0;
        this.#evidence.delete(decoded.address);
        if (!this.#byAddress.has(decoded.address)) this.#byAddress.set(decoded.address, candidate);
      }
    }
    this.#candidates.set(region.entry.rip, candidate);
    const [oldest] = this.#candidates.values();
    if (this.#candidates.size > MOST && oldest !== undefined) this.remove(oldest.region);
    return candidate;
  }

  /** It is compiled, or given up. */
  remove(region: Region): void {
    const candidate = this.#candidates.get(region.entry.rip);
    if (candidate?.region !== region) return;
    this.#candidates.delete(region.entry.rip);
    for (const node of region.nodes) {
      for (const { decoded } of node.instructions) if (this.#byAddress.get(decoded.address) === candidate) this.#byAddress.delete(decoded.address);
    }
  }
}
