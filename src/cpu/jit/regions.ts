/**
 * Which parts of the program become regions. The interpreter is stopped every so many instructions: where it stands often is hot, and its way from there
 * is recorded block by block. Nothing of this can be seen by the guest.
 */

import { webAssembly } from "../../base/index.ts";
import { PAGE_SIZE } from "../../memory/index.ts";
import type { AddressSpace } from "../../memory/index.ts";
import type { Decoder } from "../decode/decoder.ts";
import type { BlockCache } from "../interpreter/blocks.ts";
import type { FormEntry, FormTable } from "../interpreter/forms.ts";
import type { Handler } from "../interpreter/handlers.ts";
import type { Handlers } from "../interpreter/hot.ts";
import { EXIT_REGION, MXCSR } from "../state.ts";
import type { BasicBlock } from "./path.ts";
import { BlockReader, Path } from "./path.ts";
import type { Region } from "./region.ts";
import { formRegion } from "./region.ts";
import { walk } from "./walk.ts";
import { encodeRegion, isCompilable } from "./write.ts";

export interface RegionOptions {
  /** Instructions between two samples. */
  readonly interval?: number;
  /** Samples of one address that make it hot. */
  readonly samples?: number;
  /** Blocks that are recorded from there. */
  readonly steps?: number;
  /** Instructions that must run for each instruction that was compiled: what is spent on regions stays in proportion. */
  readonly pace?: number;
}

const MAX_INTERVAL = 2_000_000;
const MAX_REGIONS = 4000;
/** Samples between two looks at what the regions do; those are judged that ran so often. */
const REVIEW_INTERVAL = 200;
const REVIEW_RUNS = 1000;
/** Instructions that a region must run each time it is entered. */
const WORTH = 20;
/** A recording is given up where this many instructions had to be run in between that no region holds. */
const MAX_INTERRUPTIONS = 2000;

export class Regions {
  readonly #space: AddressSpace;
  readonly #handlers: Handlers;
  readonly #blocks: BlockCache;
  readonly #reader: BlockReader;
  readonly #options: Required<RegionOptions>;
  readonly #compilable = new Map<object, boolean>();
  readonly #samples = new Map<number, number>();
  readonly #read = new Map<number, BasicBlock>();
  #generation = 0;
  #interruptions = 0;
  #made = 0;
  #sampled = 0;
  /** Where regions begin, with the MXCSR that they are for. */
  readonly #installed = new Map<number, number>();
  /** The handler of the region at an address: another one there gets its number. */
  readonly #numbers = new Map<number, number>();
  /** How often an address was hot to no avail. */
  readonly #failures = new Map<number, number>();
  /** Instructions of the machine before the next region may be formed. */
  #notBefore = 0;
  /** Instructions between two samples now. */
  #interval: number;
  /** Instructions of the machine at the next one. */
  #nextSample: number;
  /** What is being recorded. */
  path: Path | undefined;

  constructor(space: AddressSpace, decoder: Decoder, forms: FormTable, handlers: Handlers, blocks: BlockCache, options: RegionOptions) {
    this.#space = space;
    this.#handlers = handlers;
    this.#blocks = blocks;
    this.#options = { interval: 20_000, samples: 6, steps: 3000, pace: 4000, ...options };
    this.#interval = this.#options.interval;
    this.#nextSample = this.#interval;
    this.#reader = new BlockReader(
      space,
      decoder,
      forms,
      (rip) => blocks.isBreakpoint(rip),
      (entry) => this.#isCompilable(entry),
    );
  }

  /** How many there have been. */
  get made(): number {
    return this.#made;
  }

  #isCompilable(entry: FormEntry): boolean {
    let compilable = this.#compilable.get(entry);
    if (compilable === undefined) this.#compilable.set(entry, (compilable = isCompilable(entry, this.#space.layout)));
    return compilable;
  }

  /** Instructions that may run after `instructions` before the next sample. */
  untilSample(instructions: number): number {
    const left = this.#nextSample - instructions;
    // None is taken while a path is recorded; and the machine may have been given another state, with another count.
    return left > 0 && left <= MAX_INTERVAL ? left : this.#interval;
  }

  /** The interpreter stands at `rip` after `instructions`. */
  sampleIfDue(rip: number, instructions: number): void {
    if (instructions < this.#nextSample || this.path !== undefined) return;
    this.#sample(rip, instructions);
    this.#nextSample = instructions + this.#interval;
  }

  #sample(rip: number, instructions: number): void {
    if (++this.#sampled % REVIEW_INTERVAL === 0) this.#review();
    const inRegion = this.#space.view.getUint32(EXIT_REGION, true) !== 0;
    this.#space.view.setUint32(EXIT_REGION, 0, true);
    if (inRegion) {
      this.#interval = Math.min(this.#interval * 2, MAX_INTERVAL);
      return;
    }
    this.#interval = this.#options.interval;
    const count = (this.#samples.get(rip) ?? 0) + 1;
    this.#samples.set(rip, count);
    if (count < this.#options.samples * 8 ** (this.#failures.get(rip) ?? 0) || instructions < this.#notBefore || this.#made >= MAX_REGIONS) return;
    this.#samples.delete(rip);
    this.path = new Path(rip);
    this.#read.clear();
    this.#interruptions = 0;
    this.#generation = this.#blocks.generation;
  }

  /** Takes out what is left too soon to be worth its entry. */
  #review(): void {
    for (const rip of this.#blocks.replaced) {
      const { runs, instructions } = this.#blocks.takeRuns(rip);
      if (runs >= REVIEW_RUNS && instructions < runs * WORTH) this.#blocks.putBack(rip);
    }
  }

  /** The basic block at `rip`, where a recording goes on: without instructions where there is one that no region holds. Undefined: it is given up. */
  blockAt(rip: number): BasicBlock | undefined {
    if (this.#generation !== this.#blocks.generation || this.#interruptions > MAX_INTERRUPTIONS) {
      this.#fail();
      return undefined;
    }
    let block = this.#read.get(rip);
    if (block === undefined) this.#read.set(rip, (block = this.#reader.read(rip)));
    return block;
  }

  #fail(): void {
    if (this.path === undefined) return;
    const { start } = this.path;
    this.#failures.set(start, (this.#failures.get(start) ?? 0) + 1);
    this.path = undefined;
  }

  /** `block` is run next, `instructions` after the start. */
  step(block: BasicBlock, instructions: number): void {
    const { path } = this;
    if (path === undefined) return;
    if (block.instructions.length === 0) {
      this.#interruptions++;
      path.interrupt();
      return;
    }
    path.step(block);
    if (path.steps < this.#options.steps) return;
    const mxcsr = this.#space.view.getUint32(MXCSR, true);
    const region = formRegion(path, this.#reader, (rip) => this.#blocks.replaced.has(rip) && this.#installed.get(rip) === mxcsr);
    if (region?.entry.rip !== path.start) this.#fail();
    this.path = undefined;
    if (region === undefined) return;
    this.#installed.set(region.entry.rip, mxcsr);
    const length = region.nodes.reduce((sum, node) => sum + node.instructions.length, 0);
    this.#notBefore = instructions + length * this.#options.pace;
    this.#install(region);
  }

  /** A region at once at `rip`, of all that it may lead to; `computed`: where computed jumps lead. False: there is nothing to make one of. */
  compile(rip: number, computed: Iterable<number>): boolean {
    const region = formRegion(walk(rip, this.#reader, computed), this.#reader, () => false);
    if (region === undefined) return false;
    this.#installed.set(rip, this.#space.view.getUint32(MXCSR, true));
    return this.#install(region);
  }

  #install(region: Region): boolean {
    const { layout, memory, view } = this.#space;
    const compiled = new webAssembly.Module(encodeRegion(region, layout, view.getUint32(MXCSR, true)));
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
    const replaced = this.#blocks.replace(rip, number, pages);
    if (replaced) this.#made++;
    return replaced;
  }
}
