/**
 * Which parts of the program become regions. The interpreter is stopped every so many instructions: where it stands often is hot, and the way that it took
 * there last says what else is. Nothing of this can be seen by the guest.
 */

import { webAssembly } from "../../base/index.ts";
import { PAGE_SIZE } from "../../memory/index.ts";
import type { AddressSpace } from "../../memory/index.ts";
import type { Decoder } from "../decode/decoder.ts";
import type { BlockCache } from "../interpreter/blocks.ts";
import type { Form } from "../form.ts";
import type { FormTable } from "../interpreter/forms.ts";
import type { Handler } from "../interpreter/handlers.ts";
import type { Handlers } from "../interpreter/hot.ts";
import { EXIT_REGION, MXCSR } from "../state.ts";
import type { Candidate } from "./candidates.ts";
import { Candidates } from "./candidates.ts";
import type { Path } from "./path.ts";
import { BlockReader } from "./path.ts";
import type { Region } from "./region.ts";
import { formRegion, instructionsOf, MAX_INSTRUCTIONS } from "./region.ts";
import type { Transfers } from "./transfers.ts";
import { walk } from "./walk.ts";
import { encodeRegion } from "./write.ts";

export interface RegionOptions {
  /** Instructions between two samples. */
  readonly interval?: number;
  /** Samples of one place that make it hot. */
  readonly samples?: number;
  /** Transfers before, of which a region is formed. */
  readonly steps?: number;
  /** Instructions that the interpreter must have run in a region for each one that is compiled: about what it could have run meanwhile. */
  readonly pace?: number;
}

const MAX_INTERVAL = 2_000_000;
/** Addresses where regions begin or have begun. */
const MAX_REGIONS = 4000;
/** At one address. */
const MAX_OTHERS = 3;
/** What is spent on forming and compiling, in instructions that the interpreter could have run meanwhile, stays below this share of what has run. */
const SHARE = 0.5;
/** Bytes of WebAssembly of a region: V8 wants functions well below 100 KB. */
const MAX_BYTES = 80_000;
/** To look at a path costs as much as so many of a region's instructions. */
const LOOK_COST = 20;
/** Samples between two looks at what the regions do; those are judged that ran so often. */
const REVIEW_INTERVAL = 200;
const REVIEW_RUNS = 1000;
/** Instructions that a region must run each time it is entered. */
const WORTH = 20;

export class Regions {
  readonly #space: AddressSpace;
  readonly #handlers: Handlers;
  readonly #blocks: BlockCache;
  readonly #reader: BlockReader;
  readonly #options: Required<RegionOptions>;
  readonly #transfers: Transfers;
  /** Forms that no region can hold. */
  readonly #excluded = new Set<Form>();
  readonly #candidates = new Candidates();
  #generation = 0;
  #made = 0;
  #sampled = 0;
  /** Where regions begin, with the MXCSR that they are for, and how often another one with another has stood there. */
  readonly #installed = new Map<number, { readonly mxcsr: number; readonly others: number }>();
  /** The handler of the region at an address: another one there gets its number. */
  readonly #numbers = new Map<number, number>();
  /** Instructions that have run, by samples, and what was spent of them. */
  #ran = 0;
  #spent = 0;
  /** Instructions between two samples now. */
  #interval: number;
  /** Instructions of the machine at the next one. */
  #nextSample: number;

  constructor(
    space: AddressSpace,
    decoder: Decoder,
    forms: FormTable,
    handlers: Handlers,
    blocks: BlockCache,
    transfers: Transfers,
    options: RegionOptions,
  ) {
    this.#space = space;
    this.#handlers = handlers;
    this.#blocks = blocks;
    this.#transfers = transfers;
    this.#options = { interval: 40_000, samples: 100, steps: 1000, pace: 100_000, ...options };
    this.#interval = this.#options.interval;
    this.#nextSample = this.#interval;
    this.#reader = new BlockReader(
      space,
      decoder,
      forms,
      (rip) => blocks.isBreakpoint(rip),
      ({ form, ends }) => form.rep === 0 && ends !== "exit" && !this.#excluded.has(form),
    );
  }

  /** How many there have been. */
  get made(): number {
    return this.#made;
  }

  /** Instructions that may run after `instructions` before the next sample. */
  untilSample(instructions: number): number {
    // The machine may have been given another state, with another count.
    if (this.#nextSample - instructions > MAX_INTERVAL) this.#nextSample = instructions + this.#interval;
    const left = this.#nextSample - instructions;
    return left > 0 ? left : this.#interval;
  }

  /** The interpreter stands at `rip` after `instructions`. */
  sampleIfDue(rip: number, instructions: number): void {
    if (instructions < this.#nextSample) return;
    this.#ran += this.#interval;
    this.#sample(rip);
    this.#nextSample = instructions + this.#interval;
  }

  #sample(rip: number): void {
    if (++this.#sampled % REVIEW_INTERVAL === 0) this.#review();
    const inRegion = this.#space.view.getUint32(EXIT_REGION, true) !== 0;
    this.#space.view.setUint32(EXIT_REGION, 0, true);
    if (inRegion) {
      this.#interval = Math.min(this.#interval * 2, MAX_INTERVAL);
      return;
    }
    this.#interval = this.#options.interval;
    this.#followChanges();
    const { count, candidate } = this.#candidates.sample(rip, this.#interval);
    if (candidate !== undefined) this.#consider(candidate);
    else if (count >= this.#options.samples) this.#look(rip);
  }

  /** Code that was changed may not be what was read, and records may be others. */
  #followChanges(): void {
    if (this.#generation === this.#blocks.generation) return;
    this.#generation = this.#blocks.generation;
    this.#candidates.clear();
    this.#reader.clear();
    this.#transfers.clear();
  }

  /** Whether so much may be spent now, counted as instructions of regions. */
  #affords(cost: number): boolean {
    return this.#numbers.size < MAX_REGIONS && this.#spent + cost * this.#options.pace <= this.#ran * SHARE;
  }

  /** Forms a region of the way that led to `rip`. */
  #look(rip: number): void {
    if (!this.#affords(LOOK_COST)) return;
    this.#spent += LOOK_COST * this.#options.pace;
    const path = this.#transfers.path(rip, this.#options.steps, this.#reader);
    const region = this.#form(path, MAX_INSTRUCTIONS);
    // What it leads to may be a region already, that is left too soon.
    this.#candidates.looked(rip, 4 * this.#options.samples);
    if (region !== undefined) this.#consider(this.#candidates.add(region, path));
  }

  #form(path: Path, limit: number): Region | undefined {
    return formRegion(path, this.#reader, (rip) => this.#isTaken(rip), limit);
  }

  /** Whether a region stands at `rip` that is for the MXCSR of now; or was often replaced by others for another, which does not pay. */
  #isTaken(rip: number): boolean {
    const installed = this.#blocks.replaced.has(rip) ? this.#installed.get(rip) : undefined;
    return installed !== undefined && (installed.mxcsr === this.#space.view.getUint32(MXCSR, true) || installed.others >= MAX_OTHERS);
  }

  /** Compiles it if there is reason enough. */
  #consider(candidate: Candidate): void {
    const { pace } = this.#options;
    if (candidate.evidence < candidate.instructions * pace || !this.#affords(candidate.instructions)) return;
    this.#spent += candidate.instructions * pace;
    this.#candidates.remove(candidate.region);
    this.#compile(candidate.region, (limit) => this.#form(candidate.path, limit));
  }

  /** Takes out what is left too soon to be worth its entry. */
  #review(): void {
    for (const rip of this.#blocks.replaced) {
      const { runs, instructions } = this.#blocks.takeRuns(rip);
      if (runs >= REVIEW_RUNS && instructions < runs * WORTH) this.#blocks.putBack(rip);
    }
  }

  /** A region at once at `rip`, of all that it may lead to; `computed`: where computed jumps lead. False: there is nothing to make one of. */
  compile(rip: number, computed: Iterable<number>): boolean {
    const form = (limit: number): Region | undefined => formRegion(walk(rip, this.#reader, computed), this.#reader, () => false, limit);
    this.#followChanges();
    const region = form(MAX_INSTRUCTIONS);
    return region !== undefined && this.#compile(region, form);
  }

  /** `again`: forms it once more of at most `limit` instructions, where it holds what it cannot or is too large. */
  #compile(region: Region, again: (limit: number) => Region | undefined): boolean {
    let limit = MAX_INSTRUCTIONS;
    const mxcsr = this.#space.view.getUint32(MXCSR, true);
    let formed: Region | undefined = region;
    while (formed !== undefined) {
      const encoded = encodeRegion(formed, this.#space.layout, mxcsr);
      if (encoded instanceof Uint8Array) {
        if (encoded.length <= MAX_BYTES) return this.#install(formed, encoded, mxcsr);
        limit = Math.floor(instructionsOf(formed) / 2);
      } else {
        this.#excluded.add(encoded);
        this.#reader.clear();
      }
      formed = again(limit);
    }
    return false;
  }

  #install(region: Region, module: Uint8Array, mxcsr: number): boolean {
    const { memory } = this.#space;
    const compiled = new webAssembly.Module(module);
    const instance = new webAssembly.Instance(compiled, { tsvm: { memory } });
    const pages = new Set<number>();
    for (const node of region.nodes) {
      for (const { decoded } of node.instructions) {
        pages.add(Math.floor(decoded.address / PAGE_SIZE));
        pages.add(Math.floor((decoded.address + decoded.length - 1) / PAGE_SIZE));
      }
    }
    const { rip } = region.entry;
    const number = this.#handlers.add(instance.exports["region"] as Handler, this.#numbers.get(rip));
    this.#numbers.set(rip, number);
    const before = this.#blocks.replaced.has(rip) ? this.#installed.get(rip) : undefined;
    this.#installed.set(rip, { mxcsr, others: before === undefined || before.mxcsr === mxcsr ? 0 : before.others + 1 });
    const replaced = this.#blocks.replace(rip, number, pages);
    if (replaced) this.#made++;
    return replaced;
  }
}
