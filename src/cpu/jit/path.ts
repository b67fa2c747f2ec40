/** Basic blocks, and how often they ran one after another: what regions are formed from. */

import type { AddressSpace } from "../../memory/index.ts";
import { DecodeStatus } from "../decode/decoder.ts";
import type { Decoder } from "../decode/decoder.ts";
import { MAX_INSTRUCTIONS } from "../interpreter/blocks.ts";
import type { FormEntry, FormTable } from "../interpreter/forms.ts";
import { branchTarget } from "../interpreter/forms.ts";
import type { Decoded } from "../isa/insn.ts";
import { newDecoded } from "../isa/insn.ts";

export interface Instruction {
  readonly decoded: Decoded;
  readonly entry: FormEntry;
}

/** Instructions one after another of which only the last may branch. */
export interface BasicBlock {
  readonly rip: number;
  readonly instructions: readonly Instruction[];
  /** Address behind the last one. */
  readonly end: number;
  /** Where its last instruction branches to; -1 where it does not, or not to one place. */
  readonly target: number;
  /** `none`: it goes on at `end`. `stop`: there is an instruction that the interpreter runs. */
  readonly ends: "none" | "stop" | "branch" | "jump" | "indirect";
}

const FETCH_BYTES = 15;

export class BlockReader {
  readonly #space: AddressSpace;
  readonly #decoder: Decoder;
  readonly #forms: FormTable;
  readonly #isBreakpoint: (rip: number) => boolean;
  readonly #compilable: (entry: FormEntry) => boolean;
  readonly #bytes = new Uint8Array(FETCH_BYTES);
  readonly #known = new Map<number, BasicBlock>();

  constructor(
    space: AddressSpace,
    decoder: Decoder,
    forms: FormTable,
    isBreakpoint: (rip: number) => boolean,
    compilable: (entry: FormEntry) => boolean,
  ) {
    this.#space = space;
    this.#decoder = decoder;
    this.#forms = forms;
    this.#isBreakpoint = isBreakpoint;
    this.#compilable = compilable;
  }

  /** Forgets the blocks that were read. */
  clear(): void {
    this.#known.clear();
  }

  /** The block at `rip`. */
  read(rip: number): BasicBlock {
    let block = this.#known.get(rip);
    if (block === undefined) this.#known.set(rip, (block = this.readTo(rip)));
    return block;
  }

  /** The block at `rip`, which ends at the latest where one of `starts` begins. */
  readTo(rip: number, starts?: ReadonlySet<number>): BasicBlock {
    const instructions: Instruction[] = [];
    let at = rip;
    const block = (ends: BasicBlock["ends"], target = -1): BasicBlock => ({ rip, instructions, end: at, target, ends });
    while (instructions.length < MAX_INSTRUCTIONS) {
      if (at !== rip && starts?.has(at) === true) return block("none");
      if (this.#isBreakpoint(at)) return block("stop");
      const available = this.#space.fetch(at, this.#bytes, at === rip ? 1 : 0);
      const decoded = newDecoded();
      if (available === 0 || this.#decoder.decode(this.#bytes, 0, available, at, decoded) !== DecodeStatus.ok) return block("stop");
      const entry = this.#forms.entryOf(decoded);
      if (!this.#compilable(entry)) return block("stop");
      instructions.push({ decoded, entry });
      at += decoded.length;
      const { ends } = entry;
      if (ends === "branch" || ends === "jump") return block(ends, branchTarget(entry, at, decoded.imm));
      if (ends === "indirect") return block("indirect");
    }
    return block("none");
  }
}

export interface Visits {
  readonly block: BasicBlock;
  count: number;
  /** It came behind a block that does not lie before it. */
  backwards: boolean;
  readonly successors: Map<number, number>;
}

/** What is known of how a part of the program ran. */
export class Path {
  readonly start: number;
  readonly visits: Map<number, Visits> = new Map();
  steps = 0;
  #last: Visits | undefined;

  constructor(start: number) {
    this.start = start;
  }

  /** `block` runs next. */
  step(block: BasicBlock): void {
    let visits = this.visits.get(block.rip);
    if (visits === undefined) this.visits.set(block.rip, (visits = { block, count: 0, backwards: false, successors: new Map() }));
    visits.count++;
    if (this.#last !== undefined && this.#last.block.rip >= block.rip) visits.backwards = true;
    this.steps++;
    this.leadTo(block.rip);
    this.#last = visits;
  }

  /** What was last led to `rip`. */
  leadTo(rip: number): void {
    this.#last?.successors.set(rip, (this.#last.successors.get(rip) ?? 0) + 1);
  }

  /** What ran in between is not known. */
  interrupt(): void {
    this.#last = undefined;
  }
}
